"""The process that reads text: started by path, so that it loads Tesseract and nothing of this package.

`python ocr_child.py DIRECTORY LANGUAGE`: for each line `WIDTH HEIGHT DPI` and that many grey bytes on standard input
it writes a line with a length and so many bytes of Tesseract's TSV. It ends with its input.
"""

import os
import sys
from typing import IO

NICE = 10

PAGE_MODE = 4
"""One column of text of many sizes. Tesseract's own search for columns drops lonely cells of tables; the words' boxes
tell us where the columns are."""


def serve(directory: str, language: str, source: IO[bytes], sink: IO[bytes]) -> None:
    import tesserocr

    modes = {"psm": PAGE_MODE, "oem": tesserocr.OEM.LSTM_ONLY}
    with tesserocr.PyTessBaseAPI(path=directory, lang=language, **modes) as reader:
        while line := source.readline():
            width, height, dpi = (int(word) for word in line.split())
            reader.SetImageBytes(source.read(width * height), width, height, 1, width)
            reader.SetSourceResolution(dpi)
            reader.Recognize()
            tsv = reader.GetTSVText(0).encode()
            sink.write(b"%d\n" % len(tsv) + tsv)
            sink.flush()
            reader.Clear()


if __name__ == "__main__":
    if hasattr(os, "nice"):
        os.nice(NICE)
    serve(sys.argv[1], sys.argv[2], sys.stdin.buffer, sys.stdout.buffer)
