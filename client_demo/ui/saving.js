/** Gives the reader a file. */

const KEPT_MS = 10_000; // browsers read the address a moment after the click

export function saveBlob(blob, fileName) {
  const address = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = address;
  link.download = fileName;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), KEPT_MS);
}
