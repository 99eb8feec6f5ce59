/** A card that a button of the dock opens above itself. */

export class Pop {
  /** @param onopen fills the card and may return what gets the focus */
  constructor(button, card, onopen) {
    this._button = button;
    this._card = card;
    this._onopen = onopen;
    button.addEventListener("click", () => this.close() || this._open());
    document.addEventListener("pointerdown", ({ target }) => {
      if (!card.contains(target) && !button.contains(target)) this.close();
    });
  }

  get isOpen() {
    return !this._card.hidden;
  }

  /** True if it was open. */
  close({ focus = false } = {}) {
    const open = this.isOpen;
    this._card.hidden = true;
    this._button.ariaExpanded = "false";
    if (open && focus) this._button.focus();
    return open;
  }

  _open() {
    this._card.hidden = false;
    this._button.ariaExpanded = "true";
    this._onopen()?.focus();
  }
}
