/** A form in a dialog of its own: its fields by name, what is wrong with them, save or cancel. */

/** `field` is the name of the field that is wrong, "" for none in particular. */
export class FormError extends Error {
  constructor(message, field = "") {
    super(message);
    this.field = field;
  }
}

export class FormDialog {
  /**
   * @param dialog a <dialog> with a <form> that has an element `.form-said` and a button `.cancel`
   * @param save   async, given the fields' texts by name; a FormError keeps the dialog open
   */
  constructor(dialog, save) {
    this._dialog = dialog;
    this._form = dialog.querySelector("form");
    this._said = dialog.querySelector(".form-said");
    this._save = save;
    this._form.addEventListener("submit", (event) => {
      event.preventDefault();
      this._submit();
    });
    dialog.querySelector(".cancel").addEventListener("click", () => dialog.close());
  }

  /** @param values of the fields, by name; a field without one is emptied */
  open(title, values = {}) {
    this._dialog.querySelector("h2").textContent = title;
    for (const field of this._fields) {
      field.value = values[field.name] ?? "";
      field.ariaInvalid = "false";
    }
    this._said.textContent = "";
    this._turn = Symbol("turn");
    this._busy(false);
    this._dialog.showModal();
    this._fields[0].focus();
  }

  get _fields() {
    return [...this._form.elements].filter((field) => field.name);
  }

  _busy(busy) {
    this._form.ariaBusy = String(busy);
  }

  async _submit() {
    if (this._form.ariaBusy === "true") return; // an impatient second Enter
    const turn = this._turn;
    this._busy(true);
    this._said.textContent = "";
    for (const field of this._fields) field.ariaInvalid = "false";
    const values = Object.fromEntries(this._fields.map(({ name, value }) => [name, value]));
    const error = await this._save(values).then(() => null, (problem) => problem);
    if (turn !== this._turn) return; // left and opened anew meanwhile
    this._busy(false);
    if (error) this._show(error);
    else this._dialog.close();
  }

  _show({ message, field: name }) {
    this._said.textContent = message;
    const field = this._form.elements.namedItem(name || "-");
    if (field) field.ariaInvalid = "true";
    field?.focus();
  }
}
