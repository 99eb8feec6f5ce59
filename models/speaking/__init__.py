"""From source chunks to the target language: terms, memory, prompts, guards."""
