"""A model of the user's own, in place of a downloaded one: a directory, or a single file, named in `models.local`."""

from __future__ import annotations

from pathlib import Path

from visavis.kernel.errors import ModelError
from visavis.models.manifest import Model


def local_directory(model: Model, own: Path, views: Path) -> Path:
    """A directory that holds the user's files under the manifest's names.

    A directory must have them all and is used as it is. A single file serves a model of one file; if it has
    another name, a directory below `views` links to it under the expected one. The user's files are never copied
    or changed, and may differ from the manifest's: the user vouches for them. Raises ModelError when one is
    missing.
    """
    if own.is_dir():
        absent = [file.name for file in model.files if not (own / file.name).is_file()]
        if absent:
            raise ModelError(f"{own} has no {', '.join(absent)}", stage="setup")
        return own
    if not own.is_file():
        raise ModelError(f"there is nothing at {own}", stage="setup")
    if len(model.files) != 1:
        names = ", ".join(file.name for file in model.files)
        raise ModelError(f"{own} is one file; {model.name} is a directory with {names}", stage="setup")
    if own.name == model.files[0].name:
        return own.parent
    return _view(model, own.resolve(), views / model.name)


def _view(model: Model, own: Path, view: Path) -> Path:
    link = view / model.files[0].name
    if not (link.is_symlink() and link.readlink() == own):
        try:
            view.mkdir(parents=True, exist_ok=True)
            link.unlink(missing_ok=True)
            link.symlink_to(own)
        except OSError as error:
            raise ModelError(
                f"cannot link to {own}: {error}; name it {model.files[0].name}", stage="setup"
            ) from error
    return view
