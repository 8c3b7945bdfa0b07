import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { extname } from "node:path";

/** The folder of the assets, in the checkout and in the package. */
const FOLDER = new URL("../assets/", import.meta.url);

/** The content types; files of other types are not served. */
const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** A file that pages refer to. */
export interface Asset {
  readonly type: string;
  readonly body: Buffer<ArrayBuffer>;
}

/**
 * The files of `src/web/assets`. Their addresses contain a digest of the content, so a browser may cache them for ever. Every
 * page uses all style sheets and scripts of the folder.
 */
export class Assets {
  readonly #urls: ReadonlyMap<string, string>;
  readonly #files: ReadonlyMap<string, Asset>;

  static async read(): Promise<Assets> {
    const names = (await readdir(FOLDER)).filter((name) => extname(name) in TYPES).sort();
    const urls = new Map<string, string>();
    const files = new Map<string, Asset>();
    for (const name of names) {
      const body = await readFile(new URL(name, FOLDER));
      const digest = createHash("sha256").update(body).digest("hex").slice(0, 16);
      const extension = extname(name);
      const url = `/assets/${name.slice(0, -extension.length)}-${digest}${extension}`;
      urls.set(name, url);
      files.set(url, { type: TYPES[extension] ?? "application/octet-stream", body });
    }
    return new Assets(urls, files);
  }

  private constructor(urls: ReadonlyMap<string, string>, files: ReadonlyMap<string, Asset>) {
    this.#urls = urls;
    this.#files = files;
  }

  /** The address of a file. */
  url(name: string): string {
    const url = this.#urls.get(name);
    if (url === undefined) throw new Error(`There is no ${name} in ${FOLDER.pathname}.`);
    return url;
  }

  /** In the order of their names. */
  get styleSheets(): readonly string[] {
    return this.#endingIn(".css");
  }

  /** In the order of their names. */
  get scripts(): readonly string[] {
    return this.#endingIn(".js");
  }

  #endingIn(extension: string): readonly string[] {
    return [...this.#urls.values()].filter((url) => url.endsWith(extension));
  }

  /** The file at an address; undefined when there is none. */
  at(url: string): Asset | undefined {
    return this.#files.get(url);
  }
}
