// Uploads (上传) that show how far they are, go on by themselves after a broken connection, and state their hash.
// Without this script the files of a form are sent with it.
//
// input[type=file][data-upload=URL][data-upload-name=FIELD]: each chosen file is sent at once, in pieces, by the core of
// tus 1.0: POST URL/uploads (Upload-Length, Upload-Metadata) answers with the Location of the file on its way; HEAD says
// how much of it the server has (Upload-Offset); PATCH brings the next piece. With the last piece the answer carries
// Attachment-Id (percent-encoded) and Attachment-Sha256; a hidden input FIELD with the id joins the form.
// Where a file stands is remembered in this browser, so that the same file chosen again after a reload goes on.
//
// Words on the input: data-upload-sending ("{percent}%"), -done, -hash ("SHA-256 {sha256}"), -failed, -mismatch, -retry,
// -remove, -too-big ("{max}"), -pause, -resume, -paused ("{percent}"), -waiting ("{percent}", "{seconds}"),
// -resumed ("{percent}"), -signed-out, -said ("{name}", "{percent}"; for screen readers, at every quarter).
// data-upload-max = bytes. The list goes into the [data-upload-list] of the same .upload box.
(() => {
  "use strict";

  const PIECE_BYTES = 8 * 1024 * 1024;
  const FIRST_PART_BYTES = 256 * 1024; // Enough to tell files of one name and size apart.
  const HASH_HERE_MAX_BYTES = 64 * 1024 * 1024;
  const AT_ONCE_MAX = 3;
  const WAIT_FIRST_MS = 1000;
  const WAIT_MAX_MS = 30000;
  const TRIES_MAX = 20; // In a row without a single byte taken: some nine minutes.
  const VERSION = "1.0.0";

  const fill = (text, facts) => (text || "").replace(/\{(\w+)\}/g, (_, name) => facts[name] ?? "");

  const make = (tag, props = {}, ...children) => {
    const node = Object.assign(document.createElement(tag), props);
    node.append(...children);
    return node;
  };

  const csrf = (form) =>
    form?.querySelector('input[name="csrf"]')?.value || document.querySelector('meta[name="csrf"]')?.content || "";

  const size = (bytes) =>
    bytes < 1024 * 1024 ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${(bytes / 1048576).toFixed(1)} MB`;

  // ---- SHA-256 -----------------------------------------------------------------------------------------
  //
  // The browser's own where it has one; by hand where pages come without HTTPS and it has none.

  const PRIMES = (() => {
    const primes = [];
    for (let n = 2; primes.length < 64; n += 1) if (primes.every((prime) => n % prime)) primes.push(n);
    return primes;
  })();
  const fraction = (number) => ((number - Math.floor(number)) * 4294967296) | 0;
  const ROUNDS = PRIMES.map((prime) => fraction(Math.cbrt(prime)));
  const START = PRIMES.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)));

  const hashByHand = (bytes) => {
    const padded = new Uint8Array((((bytes.length + 8) >> 6) + 1) << 6);
    padded.set(bytes);
    padded[bytes.length] = 0x80;
    const view = new DataView(padded.buffer);
    view.setUint32(padded.length - 8, Math.floor(bytes.length / 536870912));
    view.setUint32(padded.length - 4, bytes.length << 3);
    const turn = (x, n) => (x >>> n) | (x << (32 - n));
    const state = [...START];
    const w = new Int32Array(64);
    for (let at = 0; at < padded.length; at += 64) {
      for (let i = 0; i < 64; i += 1) {
        if (i < 16) w[i] = view.getInt32(at + 4 * i);
        else {
          const a = w[i - 15];
          const b = w[i - 2];
          w[i] = w[i - 16] + (turn(a, 7) ^ turn(a, 18) ^ (a >>> 3)) + w[i - 7] + (turn(b, 17) ^ turn(b, 19) ^ (b >>> 10));
        }
      }
      let [a, b, c, d, e, f, g, h] = state;
      for (let i = 0; i < 64; i += 1) {
        const one = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + ROUNDS[i] + w[i]) | 0;
        const two = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
        [h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + two) | 0];
      }
      [a, b, c, d, e, f, g, h].forEach((word, i) => (state[i] = (state[i] + word) | 0));
    }
    return state.map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
  };

  const hash = async (blob) => {
    const buffer = await blob.arrayBuffer();
    if (!window.crypto?.subtle) return hashByHand(new Uint8Array(buffer));
    const digest = await crypto.subtle.digest("SHA-256", buffer);
    return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  };

  // The whole file only where that costs nothing one would notice; else the server's word stands alone.
  const hashWhole = (file) =>
    window.crypto?.subtle && file.size <= HASH_HERE_MAX_BYTES ? hash(file).catch(() => null) : Promise.resolve(null);

  // ---- Where files stand --------------------------------------------------------------------------------

  const stands = {
    read: (key) => {
      try {
        return localStorage.getItem(key);
      } catch {
        return null;
      }
    },
    write: (key, url) => {
      try {
        localStorage.setItem(key, url);
      } catch {
        // Storage switched off or full: after a reload it begins anew.
      }
    },
    drop: (key) => {
      try {
        localStorage.removeItem(key);
      } catch {
        // There is nothing to forget.
      }
    },
  };

  const base64 = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));

  // One request; an answer of status 0 is a connection that broke.
  const ask = (method, url, headers, body, hold = {}) =>
    new Promise((resolve) => {
      const request = new XMLHttpRequest();
      hold.request = request;
      request.open(method, url);
      request.responseType = "json";
      request.setRequestHeader("Tus-Resumable", VERSION);
      request.setRequestHeader("Accept", "application/json");
      for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
      const header = (name) => (request.readyState === 4 ? request.getResponseHeader(name) : null);
      const answer = () => resolve({ status: request.status, said: request.response, header });
      request.addEventListener("load", answer);
      request.addEventListener("error", answer);
      request.addEventListener("abort", answer);
      if (hold.progress) request.upload.addEventListener("progress", hold.progress);
      request.send(body ?? null);
    });

  // ---- One file -----------------------------------------------------------------------------------------

  let underWay = 0;
  const queue = [];
  const next = () => {
    while (underWay < AT_ONCE_MAX && queue.length) {
      underWay += 1;
      queue.shift()().finally(() => {
        underWay -= 1;
        next();
      });
    }
  };

  const send = (input, list, file) => {
    const words = input.dataset;
    const form = input.form;
    const url = `${words.upload}/uploads`;
    const label = make("span", { textContent: `${file.name}（${size(file.size)}）` });
    const buttons = make("span", { className: "upload-acts" });
    const state = make("span", { className: "small muted upload-state" });
    const bar = make("progress", { max: 100, value: 0 });
    bar.setAttribute("aria-label", file.name);
    const said = make("span", { className: "sr" });
    said.setAttribute("role", "status");
    const row = make("li", {}, label, buttons, bar, state, said);
    list.append(row);

    let place = null; // Where the file is on its way.
    let key = null; // Under which that is remembered.
    let percent = 0;
    let quarter = 0;
    let isPaused = false;
    let isGone = false;
    let wake = null;
    const hold = {};

    const button = (word, act) => {
      const made = make("button", { type: "button", className: "btn small plain", textContent: word || "" });
      made.setAttribute("aria-label", `${word || ""} ${file.name}`);
      made.addEventListener("click", act);
      return made;
    };
    const changed = () => form?.dispatchEvent(new Event("change", { bubbles: true }));
    const show = (bytes) => {
      percent = Math.floor((bytes / file.size) * 100);
      bar.value = percent;
      state.textContent = fill(words.uploadSending, { percent });
      if (Math.floor(percent / 25) > quarter && percent < 100) {
        quarter = Math.floor(percent / 25);
        said.textContent = fill(words.uploadSaid, { name: file.name, percent });
      }
    };
    const tell = (text) => {
      state.textContent = text;
      said.textContent = `${file.name} ${text}`;
    };
    const forget = () => {
      if (key) stands.drop(key);
      place = null;
    };
    const again = () => {
      row.remove();
      send(input, list, file);
    };
    const remove = () => {
      isGone = true;
      wake?.();
      hold.request?.abort();
      if (place) ask("DELETE", place, { "X-CSRF-Token": csrf(form) });
      forget();
      row.remove();
      changed();
    };
    const fail = (text) => {
      bar.remove();
      state.textContent = "";
      buttons.replaceChildren(button(words.uploadRetry, again), button(words.uploadRemove, remove));
      row.append(make("p", { className: "error red", textContent: text }));
      said.textContent = `${file.name} ${text}`;
      delete row.dataset.pending;
    };
    const underway = () => {
      buttons.replaceChildren(
        button(isPaused ? words.uploadResume : words.uploadPause, () => {
          isPaused = !isPaused;
          if (isPaused) {
            hold.request?.abort();
            tell(fill(words.uploadPaused, { percent }));
          }
          underway();
          buttons.firstElementChild?.focus();
          wake?.();
        }),
        button(words.uploadRemove, remove),
      );
    };

    // Waits for a time, for the network to come back, or for somebody to go on.
    const pause = (ms) =>
      new Promise((resolve) => {
        const done = () => {
          clearTimeout(timer);
          removeEventListener("online", done);
          wake = null;
          resolve();
        };
        const timer = ms === null ? 0 : setTimeout(done, ms);
        if (ms !== null) addEventListener("online", done);
        wake = done;
      });

    const broken = async (tries) => {
      const ms = Math.min(WAIT_FIRST_MS * 2 ** (tries - 1), WAIT_MAX_MS);
      tell(fill(words.uploadWaiting, { percent, seconds: Math.round(ms / 1000) }));
      await pause(ms);
    };

    const arrived = async (answer, whole) => {
      const id = decodeURIComponent(answer.header("Attachment-Id"));
      const sha256 = answer.header("Attachment-Sha256");
      forget();
      const mine = await whole;
      if (mine && mine !== sha256) return fail(words.uploadMismatch);
      bar.remove();
      delete row.dataset.pending;
      state.textContent = "";
      buttons.replaceChildren(make("span", { className: "light ok", textContent: words.uploadDone || "" }), button(words.uploadRemove, remove));
      row.append(
        make("span", { className: "code", textContent: fill(words.uploadHash, { sha256 }) }),
        make("input", { type: "hidden", name: words.uploadName || "attachment_id", value: id }),
      );
      said.textContent = `${file.name} ${words.uploadDone || ""} ${fill(words.uploadHash, { sha256 })}`;
      changed();
    };

    // Whether to ask again: the connection or the server failed, or somebody else has gone on with the file.
    const mayHelp = (status) => status === 0 || status === 409 || status === 429 || status >= 500;

    const run = async () => {
      if (isGone) return;
      const whole = hashWhole(file);
      const first = await hash(file.slice(0, FIRST_PART_BYTES)).catch(() => "");
      key = `upload:${file.name}:${file.size}:${first}`;
      place = stands.read(key);
      let offset = place ? null : 0; // Nothing: the server must be asked.
      let tries = 0;
      while (!isGone) {
        if (isPaused) {
          await pause(null);
          // What the broken piece had brought is the server's to say.
          if (place) offset = null;
          continue;
        }
        let answer;
        let sent = 0;
        if (!place) {
          const metadata = `filename ${base64(file.name)}`;
          answer = await ask("POST", url, { "X-CSRF-Token": csrf(form), "Upload-Length": String(file.size), "Upload-Metadata": metadata }, null, hold);
          if (answer.status === 201) {
            place = answer.header("Location");
            stands.write(key, place);
            offset = 0;
            continue;
          }
        } else if (offset === null) {
          answer = await ask("HEAD", place, {}, null, hold);
          if (answer.status === 200) {
            if (answer.header("Attachment-Id")) return arrived(answer, whole);
            offset = Number(answer.header("Upload-Offset"));
            show(offset);
            if (offset > 0) said.textContent = `${file.name} ${fill(words.uploadResumed, { percent })}`;
            continue;
          }
        } else {
          const begun = offset;
          hold.progress = (event) => {
            sent = event.loaded;
            show(begun + event.loaded);
          };
          const headers = { "X-CSRF-Token": csrf(form), "Content-Type": "application/offset+octet-stream", "Upload-Offset": String(offset) };
          answer = await ask("PATCH", place, headers, file.slice(offset, offset + PIECE_BYTES), hold);
          delete hold.progress;
          if (answer.status === 204) {
            if (answer.header("Attachment-Id")) return arrived(answer, whole);
            offset = Number(answer.header("Upload-Offset"));
            tries = 0;
            show(offset);
            continue;
          }
          offset = null;
        }
        if (isGone || isPaused) continue;
        if (answer.status === 404) {
          // Forgotten, or another person's in this browser: from the beginning.
          forget();
          offset = 0;
          tries += 1;
          if (tries < TRIES_MAX) continue;
        }
        if (answer.status === 401) return fail(words.uploadSignedOut);
        if (mayHelp(answer.status) && tries < TRIES_MAX) {
          tries = sent > 0 ? 1 : tries + 1;
          await broken(tries);
          continue;
        }
        // A refusal is the file's; after a form that is out of date the file may still go on.
        if (answer.status !== 0 && answer.status !== 403 && answer.status < 500) forget();
        return fail(answer.said?.detail || answer.said?.title || words.uploadFailed);
      }
    };

    if (words.uploadMax && file.size > Number(words.uploadMax)) {
      fail(fill(words.uploadTooBig, { max: size(Number(words.uploadMax)) }));
      return;
    }
    row.dataset.pending = "true";
    show(0);
    underway();
    queue.push(run);
    next();
  };

  const upload = (input) => {
    const list = input.closest(".upload")?.querySelector("[data-upload-list]");
    if (!list) return;
    input.addEventListener("change", () => {
      for (const file of [...input.files]) send(input, list, file);
      input.value = "";
    });
  };

  const start = (root) => {
    const selector = "input[type=file][data-upload]";
    if (root.matches?.(selector)) upload(root);
    root.querySelectorAll(selector).forEach(upload);
  };

  start(document);
  document.addEventListener("htmx:load", (event) => event.detail?.elt && event.detail.elt !== document.body && start(event.detail.elt));
})();
