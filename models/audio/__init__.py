"""Audio as it arrives to audio as the models want it: decoding, features, voice activity."""
