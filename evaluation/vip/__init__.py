"""VIP (LLM judge, a proxy): CLASI's valid information proportion with a model instead of raters.

The measure is that of arXiv 2407.21646, appendix A. There, people cut what was said into semantic
fragments, look at the outputs of all systems without knowing whose they are, and call a fragment
valid when its key information is recognised, is rendered correctly, and is expressed well; VIP is
the share of valid fragments. Here a language model answers the three questions, so a figure is no
VIP of the paper and may be compared only with figures of the same judge and prompts.
"""
