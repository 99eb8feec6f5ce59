"""The multimodal scorer of `models.recall`: its data and its training."""
