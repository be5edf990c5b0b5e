"""What every section of the inventory file has in common."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic.alias_generators import to_camel


class Section(BaseModel):
    """A mapping of the file: camelCase keys, no others, no guessing of types."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", strict=True, use_attribute_docstrings=True)

    @model_validator(mode="before")
    @classmethod
    def drop_empty(cls, value: Any) -> Any:
        """A key without a value (all below it commented out) is a key not given."""
        if isinstance(value, dict):
            return {key: item for key, item in value.items() if item is not None}
        return value
