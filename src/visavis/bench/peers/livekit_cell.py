"""LiveKit Agents 1.8: an AgentSession with Silero and instant doubles, its audio on a `Line` instead of a room.

Sessions stand side by side in one process; LiveKit's own worker would start a process for each.
"""

import logging
import time
from functools import cache

import cell
from livekit import rtc
from livekit.agents import Agent, AgentSession, TurnHandlingOptions
from livekit.agents.llm import LLM, ChatChunk, ChoiceDelta, LLMStream
from livekit.agents.stt import STT, RecognizeStream, SpeechData, SpeechEvent, SpeechEventType, STTCapabilities
from livekit.agents.tts import TTS, ChunkedStream, TTSCapabilities
from livekit.agents.types import DEFAULT_API_CONNECT_OPTIONS
from livekit.agents.voice.io import AudioInput, AudioOutput, AudioOutputCapabilities
from livekit.plugins import silero

running: list[AgentSession] = []


class Microphone(AudioInput):
    def __init__(self, line: cell.Line) -> None:
        super().__init__(label="line")
        self._line = line

    async def __anext__(self) -> rtc.AudioFrame:
        pcm = await self._line.next_frame()
        return rtc.AudioFrame(pcm, cell.IN_RATE_HZ, 1, len(pcm) // 2)


class Loudspeaker(AudioOutput):
    def __init__(self, line: cell.Line) -> None:
        super().__init__(
            label="line", capabilities=AudioOutputCapabilities(pause=False), sample_rate=cell.OUT_RATE_HZ
        )
        self._line = line
        self._played_s = 0.0

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        await super().capture_frame(frame)
        if not self._played_s:
            self.on_playback_started(created_at=time.time())
        self._played_s += frame.duration
        await self._line.play(frame.duration)

    def flush(self) -> None:
        super().flush()
        self._finish(interrupted=False)

    def clear_buffer(self) -> None:
        self._finish(interrupted=True)

    def _finish(self, *, interrupted: bool) -> None:
        if self._played_s:
            played_s, self._played_s = self._played_s, 0.0
            self.on_playback_finished(playback_position=played_s, interrupted=interrupted)


class Stt(STT):
    """The same words, final, whenever the session asks for what was said (at the end of speech)."""

    def __init__(self) -> None:
        super().__init__(
            capabilities=STTCapabilities(
                streaming=True, interim_results=False, offline_recognize=False, manual_flush=True
            )
        )

    async def _recognize_impl(self, *args, **kwargs) -> SpeechEvent:
        raise NotImplementedError

    def stream(self, *, language=None, conn_options=DEFAULT_API_CONNECT_OPTIONS) -> RecognizeStream:
        return Recognition(stt=self, conn_options=conn_options)


class Recognition(RecognizeStream):
    async def _run(self) -> None:
        async for item in self._input_ch:
            if isinstance(item, self._FlushSentinel):
                said = [SpeechData(language="en", text=cell.HEARD)]
                self._event_ch.send_nowait(SpeechEvent(SpeechEventType.FINAL_TRANSCRIPT, alternatives=said))


class Llm(LLM):
    """Thirteen tokens at once."""

    def chat(self, *, chat_ctx, tools=None, conn_options=DEFAULT_API_CONNECT_OPTIONS, **_) -> LLMStream:
        return Completion(self, chat_ctx=chat_ctx, tools=tools or [], conn_options=conn_options)


class Completion(LLMStream):
    async def _run(self) -> None:
        for token in cell.ANSWER.split():
            delta = ChoiceDelta(role="assistant", content=f"{token} ")
            self._event_ch.send_nowait(ChatChunk(id="double", delta=delta))


class Tts(TTS):
    """A tone, in 20 ms frames, all at once."""

    def __init__(self) -> None:
        super().__init__(capabilities=TTSCapabilities(streaming=False), sample_rate=cell.OUT_RATE_HZ, num_channels=1)

    def synthesize(self, text: str, *, conn_options=DEFAULT_API_CONNECT_OPTIONS) -> ChunkedStream:
        return Synthesis(tts=self, input_text=text, conn_options=conn_options)


class Synthesis(ChunkedStream):
    async def _run(self, output_emitter) -> None:
        output_emitter.initialize(
            request_id="double",
            sample_rate=cell.OUT_RATE_HZ,
            num_channels=1,
            mime_type="audio/pcm",
            frame_size_ms=round(cell.FRAME_S * 1000),
        )
        output_emitter.push(cell.tone(self.input_text))
        output_emitter.flush()


async def join(line: cell.Line) -> cell.Speak:
    session = AgentSession(
        stt=Stt(),
        vad=vad(),
        llm=Llm(),
        tts=Tts(),
        turn_handling=TurnHandlingOptions(
            turn_detection="vad", endpointing={"min_delay": 0.0}, interruption={"mode": "vad"}
        ),
        user_away_timeout=None,
    )

    @session.on("user_state_changed")
    def changed(event) -> None:
        if event.old_state == "speaking":
            line.speech_stopped()

    session.input.audio = Microphone(line)
    session.output.audio = Loudspeaker(line)
    await session.start(Agent(instructions="You answer."))
    running.append(session)

    async def speak(text: str) -> None:
        session.say(text)

    return speak


@cache
def vad() -> silero.VAD:
    """One model for all sessions, as their worker's prewarm hook makes it."""
    return silero.VAD.load()


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    cell.main(join)
