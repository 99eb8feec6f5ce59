/** The requests of docs/glossaries.md, a method each. No DOM, and nothing kept but the address. */

const ANSWER_LIMIT_MS = 30_000;
const FILE_LIMIT_MS = 900_000; // by default the server allows 300 s for a body and 300 s for its rows
const UNREADABLE = "The server’s answer cannot be read.";

/** What a request that fails without an answer means, by the error's name. */
const FAILURES = {
  AbortError: "Cancelled.",
  SyntaxError: UNREADABLE,
  TimeoutError: "The server did not answer in time.",
};

/** `status` is HTTP's, 0 without an answer; `body` the answer's JSON, `{}` if it had none. */
export class GlossaryError extends Error {
  constructor(status, message, body = {}) {
    super(message);
    this.status = status;
    this.body = body;
  }
}

export class GlossaryClient {
  /**
   * @param key     gives the key of the server, "" for none; asked at each request
   * @param address of `/v1/glossaries`
   */
  constructor(key = () => "", address = new URL("v1/glossaries", document.baseURI).href) {
    this._key = key;
    this._address = address;
  }

  /** All glossaries: `[{name, source_language, target_language, version, entries}]`. */
  async list() {
    const { glossaries } = await this._json("GET", "");
    if (!Array.isArray(glossaries)) throw new GlossaryError(0, UNREADABLE);
    return glossaries;
  }

  /** @param glossary `{name, source_language, target_language}`; resolves to how it is kept */
  create(glossary) {
    return this._json("POST", "", { json: glossary });
  }

  /** Delete a glossary that is still at the version of `etag`. */
  remove(name, etag) {
    return this._ask("DELETE", path(name), { headers: { "If-Match": etag } });
  }

  /** `{entries, total, next, etag}`; `next` is the `after` of the next page, null on the last. */
  async page(name, { query = "", after = 0, limit = 50 } = {}) {
    const response = await this._ask("GET", `${path(name)}/entries`, {
      query: { ...(query && { q: query }), after, limit },
    });
    return { ...await body(response), etag: etagOf(response) };
  }

  /** `{entry, etag}`, as it is now. */
  async entry(name, id) {
    const response = await this._ask("GET", `${path(name)}/entries/${id}`);
    return { entry: await body(response), etag: etagOf(response) };
  }

  /** Add one; resolves to the report of an import of one row. */
  add(name, entry) {
    return this._json("POST", `${path(name)}/entries`, { json: { entries: [entry] } });
  }

  change(name, id, entry, etag) {
    const headers = { "If-Match": etag };
    return this._json("PUT", `${path(name)}/entries/${id}`, { json: entry, headers });
  }

  removeEntry(name, id, etag) {
    return this._json("DELETE", `${path(name)}/entries/${id}`, { headers: { "If-Match": etag } });
  }

  /**
   * Import a file; resolves to `{added, replaced, duplicates, refused, problems}`.
   *
   * @param options `{format, encoding, mode, conflicts, replace}`, as the request has them
   * @param etag    of the version that `replace` may replace
   */
  upload(name, file, { replace, ...options }, etag, signal) {
    const query = { ...options, ...(replace && { replace }) };
    const headers = {
      "Content-Type": "application/octet-stream", ...(replace && { "If-Match": etag }),
    };
    const limits = { signal, limitMs: FILE_LIMIT_MS };
    return this._json("POST", `${path(name)}/import`, { query, headers, body: file, ...limits });
  }

  /** The whole glossary as a Blob in `format`. */
  async download(name, format) {
    const response = await this._ask("GET", `${path(name)}/export`, {
      query: { format }, limitMs: FILE_LIMIT_MS,
    });
    return read(() => response.blob());
  }

  async _json(method, where, options) {
    return body(await this._ask(method, where, options));
  }

  async _ask(method, where, options = {}) {
    const { query = {}, headers = {}, json, signal, limitMs = ANSWER_LIMIT_MS } = options;
    const url = new URL(this._address + where);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const key = this._key();
    const limit = AbortSignal.timeout(limitMs);
    const response = await read(() => fetch(url, {
      method,
      cache: "no-store",
      headers: {
        ...(key && { Authorization: `Bearer ${key}` }),
        ...(json && { "Content-Type": "application/json" }),
        ...headers,
      },
      body: json ? JSON.stringify(json) : options.body,
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    }));
    if (response.ok) return response;
    const answer = await response.json().catch(() => ({}));
    const message = answer?.error ?? `The server answered with ${response.status}.`;
    throw new GlossaryError(response.status, message, answer ?? {});
  }
}

function path(name) {
  return `/${encodeURIComponent(name)}`;
}

/** Proxies that compress an answer weaken its tag, and a weak one never matches. */
function etagOf(response) {
  return (response.headers.get("ETag") ?? "").replace(/^W\//, "");
}

function body(response) {
  return read(() => response.json());
}

/** What `get` resolves to; a connection that breaks or stands still is a GlossaryError. */
async function read(get) {
  try {
    return await get();
  } catch (error) {
    throw new GlossaryError(0, FAILURES[error.name] ?? "The server cannot be reached.");
  }
}
