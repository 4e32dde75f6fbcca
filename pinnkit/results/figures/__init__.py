"""Pictures of fields, losses and points as PNG files, drawn without pyplot and without touching global settings."""
