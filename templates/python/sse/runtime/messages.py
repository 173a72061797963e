"""The messages of the runtime's tests. The plugin emits the module of the chosen library here."""

from .google_messages import from_json, from_members, name_of, to_json

__all__ = ["from_json", "from_members", "name_of", "to_json"]
