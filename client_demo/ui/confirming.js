/** A question before something is gone for good. */

export class Confirming {
  /** @param dialog a <dialog> with an <h2>, a <p>, and buttons `.yes` and `.cancel` */
  constructor(dialog) {
    this._dialog = dialog;
    dialog.querySelector(".yes").addEventListener("click", () => dialog.close("yes"));
    dialog.querySelector(".cancel").addEventListener("click", () => dialog.close(""));
  }

  /** Resolves to whether the reader agreed. @param words `{title, text}` */
  ask({ title, text }) {
    const dialog = this._dialog;
    dialog.querySelector("h2").textContent = title;
    dialog.querySelector("p").textContent = text;
    dialog.returnValue = ""; // leaving with Esc keeps the answer of the time before
    dialog.showModal();
    return new Promise((resolve) => {
      const closed = () => resolve(dialog.returnValue === "yes");
      dialog.addEventListener("close", closed, { once: true });
    });
  }
}
