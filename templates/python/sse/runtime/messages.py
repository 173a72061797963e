"""The messages of the runtime's tests. The plugin emits the module of the chosen library here."""

from .google_messages import from_json, name_of, new, set_member, to_json

__all__ = ["from_json", "name_of", "new", "set_member", "to_json"]
