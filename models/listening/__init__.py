"""From audio to stable source words."""
