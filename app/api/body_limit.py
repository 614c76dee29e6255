"""No request body is longer than the service is ready to read."""

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import TooLarge

MEBIBYTE = 2**20
JSON_LIMIT = MEBIBYTE  # a thousand times a large study


class BodyLimit:
    """Answers 413 to a body over the limit, announced or not: `upload_limit` bytes for `upload_path`, else 1 MiB."""

    def __init__(self, app: ASGIApp, upload_path: str, upload_limit: int) -> None:
        self.app = app
        self.upload_path = upload_path
        self.upload_limit = upload_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        is_upload = scope["path"] == self.upload_path
        limit = self.upload_limit if is_upload else JSON_LIMIT
        announced = Headers(scope=scope).get("content-length", "")
        read = 0

        async def counted_receive() -> Message:
            nonlocal read
            if announced.isdecimal() and int(announced) > limit:
                raise _too_large(int(announced), limit, is_upload)
            message = await receive()
            read += len(message.get("body", b""))
            if read > limit:
                raise _too_large(read, limit, is_upload)
            return message

        await self.app(scope, counted_receive, send)


def _too_large(size: int, limit: int, is_upload: bool) -> HTTPException:
    """The only kind of error that FastAPI lets pass while it reads a body; its cause is what is answered."""
    error = HTTPException(TooLarge.status)
    mebibytes = f"{limit // MEBIBYTE} MiB" + (", PARFOCAL_MAX_UPLOAD_MEBIBYTES" if is_upload else "")
    error.__cause__ = TooLarge(f"the body may have {limit:,} bytes ({mebibytes}), but got at least {size:,}")
    return error
