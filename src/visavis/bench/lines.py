"""What the synthetic caller says to the demo's bicycle workshop: everyday turns, many with pauses inside.

`|0.4|` is a pause of 0.4 s in mid-turn. A line that answers a question of the agent's stands on its own as well.
"""

from __future__ import annotations

from visavis.bench.conversation import Line

LINES = (
    Line("What are your opening hours on Monday?", "low"),
    Line("How much does a basic service cost?", "high"),
    Line("I would like to know |0.6| whether I need an appointment.", "middle"),
    Line("Where is your workshop?", "deep"),
    Line("My phone number is |0.5| five five five |0.4| zero one nine |0.4| two two four.", "low"),
    Line("Do you give a warranty on repairs?", "high"),
    Line("My front wheel is bent, and |0.7| I need it before Saturday.", "middle"),
    Line("How long does a full service take?", "deep"),
    Line("Um, |0.5| can you fix a flat tire while I wait?", "high"),
    Line("Yes, please.", "low"),
    Line("Is the workshop open on Sunday?", "middle"),
    Line("Could you tell me how |0.8| I get there from the station?", "deep"),
    Line("I bought the bike last spring. |0.4| Does the warranty still cover the brakes?", "high"),
    Line("What does it cost to repair a flat tire?", "low"),
    Line("No, thank you.", "middle"),
    Line("My e-mail address is |0.4| anna |0.3| dot |0.3| berg |0.4| at example dot com.", "high"),
    Line("Are you busy today?", "deep"),
    Line("I was wondering if |0.9| you also repair electric bikes.", "low"),
    Line("The chain makes a loud noise when I change into third gear.", "middle"),
    Line("So the full service is |0.6| a hundred and twenty euros?", "deep"),
    Line("Can I bring it on Thursday |0.5| at about half past four?", "high"),
    Line("My name is Thomas. |0.5| I called you yesterday.", "low"),
    Line("It is spelled |0.4| B |0.3| R |0.3| A |0.3| N |0.3| D.", "middle"),
    Line("How late can I pick it up on Friday?", "deep"),
    Line("Well, |0.6| the thing is that |0.5| I need the bike for work.", "high"),
    Line("Do I have to pay in advance?", "low"),
    Line("What is included in the basic service?", "middle"),
    Line("I think it was |0.7| last Tuesday |0.4| or Wednesday.", "deep"),
    Line("Okay.", "high"),
    Line("The order number is |0.5| four seven |0.4| one one |0.4| nine three.", "low"),
    Line("Could I leave a message for the owner?", "middle"),
    Line("Tell him that |0.6| the saddle is loose again.", "deep"),
    Line("And how much would it be with new tires?", "high"),
    Line("I live on Mill Street as well, |0.5| so I can walk over.", "low"),
    Line("Is there |0.4| um |0.4| any chance to get it done today?", "middle"),
    Line("Which days are you closed?", "deep"),
    Line("I have two bikes, |0.6| one of them needs a new chain |0.4| and the other just a check.", "high"),
    Line("Can my brother collect it for me?", "low"),
    Line("How long is the warranty on a repair?", "middle"),
    Line("Because |0.8| the last time it took more than a week.", "deep"),
    Line("I am not sure. |0.6| What would you recommend?", "high"),
    Line("Saturday morning would be fine.", "low"),
    Line("Do you sell used bikes too?", "middle"),
    Line("Great, |0.3| that is all I wanted to know.", "deep"),
)
