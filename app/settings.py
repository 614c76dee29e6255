"""Everything that can be set from outside, as environment variables with the prefix PARFOCAL_."""

import os
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="PARFOCAL_", frozen=True)

    data_dir: Path = Path("var")
    """Where the SQLite file, the datasets and the locks are."""
    database_url: str = ""
    """An SQLAlchemy URL; empty: an SQLite file in the data directory."""
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    """0 takes a free one."""
    workers: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1, le=256)
    """Worker processes at a time; each trains one pack on one core."""
    max_upload_mebibytes: int = Field(default=100, ge=1)
    """A larger table is refused with 413. Reading one of this size can take 2 GB of memory."""
    pack_mebibytes: int = Field(default=1024, ge=1)
    """What one pack may take, the dataset apart; each worker trains one. The default leaves room for a network of two
    layers of 4,096 units with Adam, and lets four workers fit a machine of 8 GB."""
    worker_silence_seconds: float = Field(default=60, gt=0)
    """A worker that has said nothing for so long counts as lost; it says something every five."""

    @property
    def resolved_database_url(self) -> str:
        return self.database_url or f"sqlite:///{self.data_dir.absolute() / 'parfocal.db'}"

    @property
    def datasets_dir(self) -> Path:
        return self.data_dir.absolute() / "datasets"

    @property
    def models_dir(self) -> Path:
        return self.data_dir.absolute() / "models"

    @property
    def pack_bytes(self) -> int:
        return self.pack_mebibytes * 2**20

    @property
    def base_url(self) -> str:
        """Where a client on this machine finds the service."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def environment(self) -> dict[str, str]:
        """The variables that give a child process these same settings."""
        return {f"PARFOCAL_{name.upper()}": str(value) for name, value in self.model_dump().items()}
