"""Pipecat 1.14: a pipeline with Silero and instant doubles, on a `Line`. Turns end as soon as speech stops."""

import asyncio

import cell
from loguru import logger
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.audio.vad.vad_analyzer import VADState
from pipecat.frames import frames
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregatorPair, LLMUserAggregatorParams
from pipecat.services.llm_service import LLMService
from pipecat.services.settings import LLMSettings, STTSettings, TTSSettings
from pipecat.services.stt_service import STTService
from pipecat.services.tts_service import TTSService
from pipecat.transports.base_input import BaseInputTransport
from pipecat.transports.base_output import BaseOutputTransport
from pipecat.transports.base_transport import TransportParams
from pipecat.turns.user_stop import SpeechTimeoutUserTurnStopStrategy
from pipecat.turns.user_turn_strategies import UserTurnStrategies
from pipecat.workers.runner import WorkerRunner

running: set[asyncio.Task] = set()


class Vad(SileroVADAnalyzer):
    """Silero as it comes; only the moment at which speech counts as stopped is noted."""

    def __init__(self, line: cell.Line) -> None:
        super().__init__()
        self._line = line
        self._spoke = False

    async def analyze_audio(self, buffer: bytes) -> VADState:
        state = await super().analyze_audio(buffer)
        if state == VADState.SPEAKING:
            self._spoke = True
        elif state == VADState.QUIET and self._spoke:
            self._spoke = False
            self._line.speech_stopped()
        return state


class Microphone(BaseInputTransport):
    def __init__(self, params: TransportParams, line: cell.Line) -> None:
        super().__init__(params)
        self._line = line

    async def start(self, frame: frames.StartFrame) -> None:
        await super().start(frame)
        await self.set_transport_ready(frame)

    async def feed(self) -> None:
        while True:
            pcm = await self._line.next_frame()
            await self.push_audio_frame(
                frames.InputAudioRawFrame(audio=pcm, sample_rate=cell.IN_RATE_HZ, num_channels=1)
            )


class Loudspeaker(BaseOutputTransport):
    def __init__(self, params: TransportParams, line: cell.Line) -> None:
        super().__init__(params)
        self._line = line

    async def start(self, frame: frames.StartFrame) -> None:
        await super().start(frame)
        await self.set_transport_ready(frame)

    async def write_audio_frame(self, frame: frames.OutputAudioRawFrame) -> bool:
        await self._line.play(frame.num_frames / frame.sample_rate)
        return True


class Stt(STTService):
    """The same words, final, as soon as speech has stopped."""

    def __init__(self) -> None:
        super().__init__(ttfs_p99_latency=0.0, settings=STTSettings(model=None, language=None))

    async def run_stt(self, audio: bytes):
        yield None

    async def process_frame(self, frame, direction) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, frames.VADUserStoppedSpeakingFrame):
            await self.push_frame(
                frames.TranscriptionFrame(
                    text=cell.HEARD, user_id="caller", timestamp="2026-01-01T00:00:00Z", finalized=True
                )
            )


class Llm(LLMService):
    """Thirteen tokens at once."""

    def __init__(self) -> None:
        unset = dict.fromkeys(
            ("temperature", "max_tokens", "top_p", "top_k", "frequency_penalty", "presence_penalty", "seed")
        )
        settings = LLMSettings(
            model="double",
            system_instruction=None,
            filter_incomplete_user_turns=False,
            user_turn_completion_config=None,
            **unset,
        )
        super().__init__(settings=settings)

    async def process_frame(self, frame, direction) -> None:
        await super().process_frame(frame, direction)
        if not isinstance(frame, frames.LLMContextFrame):
            await self.push_frame(frame, direction)
            return
        await self.push_frame(frames.LLMFullResponseStartFrame())
        for token in cell.ANSWER.split():
            await self.push_frame(frames.LLMTextFrame(f"{token} "))
        await self.push_frame(frames.LLMFullResponseEndFrame())


class Tts(TTSService):
    """A tone, in 20 ms frames, all at once."""

    def __init__(self) -> None:
        super().__init__(
            sample_rate=cell.OUT_RATE_HZ,
            push_start_frame=True,
            push_stop_frames=True,
            stop_frame_timeout_s=0.2,
            settings=TTSSettings(model=None, voice=None, language=None),
        )

    async def run_tts(self, text: str, context_id: str):
        pcm = cell.tone(text)
        for start in range(0, len(pcm), cell.OUT_FRAME_BYTES):
            piece = pcm[start : start + cell.OUT_FRAME_BYTES]
            yield frames.TTSAudioRawFrame(piece, cell.OUT_RATE_HZ, 1, context_id=context_id)


async def join(line: cell.Line) -> cell.Speak:
    params = TransportParams(audio_in_enabled=True, audio_out_enabled=True, audio_out_10ms_chunks=2)
    microphone = Microphone(params, line)
    stop_at_once = SpeechTimeoutUserTurnStopStrategy(user_speech_timeout=0.0)
    context = LLMContextAggregatorPair(
        LLMContext(),
        user_params=LLMUserAggregatorParams(
            vad_analyzer=Vad(line), user_turn_strategies=UserTurnStrategies(stop=[stop_at_once])
        ),
    )
    pipeline = Pipeline(
        [microphone, Stt(), context.user(), Llm(), Tts(), Loudspeaker(params, line), context.assistant()]
    )
    worker = PipelineWorker(
        pipeline,
        idle_timeout_secs=None,
        params=PipelineParams(
            audio_in_sample_rate=cell.IN_RATE_HZ,
            audio_out_sample_rate=cell.OUT_RATE_HZ,
            enable_metrics=True,
            enable_usage_metrics=True,
        ),
    )
    up = asyncio.Event()

    @worker.event_handler("on_pipeline_started")
    async def started(*_) -> None:
        up.set()

    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    running.add(asyncio.create_task(runner.run()))
    await up.wait()
    running.add(asyncio.create_task(microphone.feed()))

    async def speak(text: str) -> None:
        await worker.queue_frame(frames.TTSSpeakFrame(text))

    return speak


if __name__ == "__main__":
    logger.remove()
    cell.main(join)
