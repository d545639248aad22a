// Comfort on top of pages that work without it. Every word shown comes from a data attribute of the page, so that
// both languages live in the templates; `{name}` in such a word is filled in here.
//
//   form[data-draft]             autosaves its fields: see Draft
//   [data-draft-clear="KEY"]     on the page after a success: forget the local copy KEY (the form's data-draft)
//   input[type=file][data-upload] uploads at once, with progress and hash: see upload.js
//   input[data-pick]             suggests units, divisions, enterprises while typing: see Picker
//   input[type=date][data-day]   says in the element of that id what is out of the ordinary about the day: see day
//   [data-lines]                 inputs of one name, one a line: another comes when the last is filled
//   button[data-copy="TEXT"]     copies TEXT; data-copied is the word shown after
//   button[data-print]           prints the page
//   input[data-check-all="NAME"] ticks every checkbox of that name
//   .chart-frame                 is scrolled to the .chart-marked state
//   body[data-idle="MINUTES"]    warns before the session ends unused: see idle
//   form (POST)                  is sent once; data-busy is the word on the button while it goes
//
// Elements that only make sense with this script carry `hidden` in the page and are shown here.
(() => {
  "use strict";

  const each = (root, selector, act) => {
    if (root.matches?.(selector)) act(root);
    root.querySelectorAll(selector).forEach(act);
  };

  const fill = (text, facts) => (text || "").replace(/\{(\w+)\}/g, (_, name) => facts[name] ?? "");

  const make = (tag, props = {}, ...children) => {
    const node = Object.assign(document.createElement(tag), props);
    node.append(...children);
    return node;
  };

  const csrf = (form) =>
    form?.querySelector('input[name="csrf"]')?.value || document.querySelector('meta[name="csrf"]')?.content || "";

  const clockNow = () => {
    const now = new Date();
    return [now.getHours(), now.getMinutes()].map((part) => String(part).padStart(2, "0")).join(":");
  };

  // ---- Draft --------------------------------------------------------------------------------------------
  //
  // Attributes of the form: data-draft (URL to POST to), and the words data-draft-saving, data-draft-saved ("… {time}"),
  // data-draft-kept ("signed out: kept in this window only"), data-draft-failed ("no network: kept in this window only"),
  // data-draft-found ("unsent text of {time} was found"), data-draft-restore, data-draft-discard (two buttons).
  // An input with data-no-draft is left out, as are csrf, key, version and passwords.
  // The words appear in [data-draft-state] inside the form. The server answers 200 or 204 when it has the draft.

  const DRAFT_WAIT_MS = 3000;
  const DRAFT_RETRY_MS = 20000;
  const DRAFT_SKIP = new Set(["csrf", "key", "version"]);

  const stored = {
    read: (key) => {
      try {
        return JSON.parse(sessionStorage.getItem(`draft:${key}`));
      } catch {
        return null;
      }
    },
    write: (key, value) => {
      try {
        sessionStorage.setItem(`draft:${key}`, JSON.stringify(value));
        return true;
      } catch {
        return false;
      }
    },
    drop: (key) => {
      try {
        sessionStorage.removeItem(`draft:${key}`);
      } catch {
        // Storage switched off: there is nothing to forget.
      }
    },
  };

  // Whoever signs in next in this window is not offered the words of whoever signed out.
  const forgetAll = (form) =>
    form.addEventListener("submit", () => {
      try {
        Object.keys(sessionStorage).filter((key) => key.startsWith("draft:")).forEach((key) => sessionStorage.removeItem(key));
      } catch {
        // Storage switched off: there is nothing to forget.
      }
    });

  const fieldsOf = (form) =>
    [...new FormData(form)].filter(
      ([name, value]) =>
        typeof value === "string" &&
        !DRAFT_SKIP.has(name) &&
        form.elements[name]?.type !== "password" &&
        form.elements[name]?.dataset?.noDraft === undefined,
    );

  const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

  const putFields = (form, fields) => {
    const values = new Map();
    for (const [name, value] of fields) values.set(name, [...(values.get(name) || []), value]);
    for (const control of form.elements) {
      if (!control.name || DRAFT_SKIP.has(control.name) || control.dataset.noDraft !== undefined || ["file", "password", "submit"].includes(control.type)) continue;
      const wanted = values.get(control.name) || [];
      if (control.type === "checkbox" || control.type === "radio") control.checked = wanted.includes(control.value);
      else if (control.multiple) for (const option of control.options) option.selected = wanted.includes(option.value);
      else if (wanted.length) control.value = wanted.shift();
    }
  };

  const draft = (form) => {
    const url = form.dataset.draft;
    const state = form.querySelector("[data-draft-state]");
    const words = form.dataset;
    let timer = 0;
    let sending = false;
    let stale = false;
    let last = fieldsOf(form);

    const say = (text, failed) => {
      if (!state) return;
      state.textContent = text;
      state.classList.toggle("failed", Boolean(failed));
    };

    const offer = (copy) => {
      if (!state) return;
      say(fill(words.draftFound, { time: copy.time }));
      const restore = make("button", { type: "button", className: "btn small", textContent: words.draftRestore || "" });
      const discard = make("button", { type: "button", className: "btn small plain", textContent: words.draftDiscard || "" });
      restore.addEventListener("click", () => {
        putFields(form, copy.fields);
        say("");
        changed();
      });
      discard.addEventListener("click", () => {
        stored.drop(url);
        say("");
      });
      state.append(" ", restore, " ", discard);
    };

    // After signing in again elsewhere the page's token is an old one: take the new one from a fresh copy of this page.
    const renew = async () => {
      const answer = await fetch(location.href, { redirect: "manual", credentials: "same-origin" });
      if (!answer.ok) return;
      const fresh = csrf(new DOMParser().parseFromString(await answer.text(), "text/html"));
      if (fresh) each(document, 'input[name="csrf"]', (token) => (token.value = fresh));
      stale = false;
    };

    const save = async () => {
      if (sending) {
        timer = setTimeout(save, DRAFT_WAIT_MS);
        return;
      }
      timer = 0;
      const fields = fieldsOf(form);
      if (same(fields, last)) return;
      sending = true;
      say(words.draftSaving || "");
      try {
        if (stale) await renew();
        const body = new URLSearchParams(fields);
        body.set("csrf", csrf(form));
        const answer = await fetch(url, {
          method: "POST",
          body,
          redirect: "manual",
          headers: { Accept: "application/json", "X-CSRF-Token": csrf(form) },
          credentials: "same-origin",
        });
        if (answer.ok) {
          last = fields;
          stored.write(url, { fields, time: clockNow(), safe: true });
          say(fill(words.draftSaved, { time: clockNow() }));
        } else if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) {
          // The session is gone. The words stay in this window; signing in again in another tab lets the next try pass.
          stale = true;
          say(words.draftKept || "", true);
          timer = setTimeout(save, DRAFT_RETRY_MS);
        } else {
          say(words.draftFailed || "", true);
          timer = setTimeout(save, DRAFT_RETRY_MS);
        }
      } catch {
        say(words.draftFailed || "", true);
        timer = setTimeout(save, DRAFT_RETRY_MS);
      } finally {
        sending = false;
      }
    };

    const changed = () => {
      stored.write(url, { fields: fieldsOf(form), time: clockNow(), safe: false });
      clearTimeout(timer);
      timer = setTimeout(save, DRAFT_WAIT_MS);
    };

    const copy = stored.read(url);
    if (copy && !copy.safe && Array.isArray(copy.fields) && !same(copy.fields, last)) offer(copy);

    form.addEventListener("input", changed);
    form.addEventListener("change", changed);
    // Whether the server takes it cannot be known here: the copy stays until a page says data-draft-clear.
    form.addEventListener("submit", () => {
      clearTimeout(timer);
      stored.write(url, { fields: fieldsOf(form), time: clockNow(), safe: false });
    });
  };

  // ---- Picker -------------------------------------------------------------------------------------------
  //
  // input[data-pick=unit|division|…][data-pick-url=URL][data-pick-into=ID]: asks URL?q=… for [{code, name, note}] and
  // shows a listbox. Choosing puts the name into the input and the code into the hidden input ID; typing empties it again.
  // Without script it is a text input with a <datalist>, in which a code or an exact name may be typed.
  // Words: data-pick-count ("{count} …"), data-pick-none.

  const PICK_WAIT_MS = 160;
  let pickers = 0;

  const pick = (input) => {
    pickers += 1;
    const listId = `pick-list-${pickers}`;
    const words = input.dataset;
    const into = words.pickInto ? document.getElementById(words.pickInto) : null;
    const list = make("ul", { id: listId, hidden: true });
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", input.labels?.[0]?.textContent?.trim() || input.getAttribute("aria-label") || "");
    const status = make("span", { className: "sr" });
    status.setAttribute("role", "status");
    const box = make("span", { className: "pick" });
    input.before(box);
    box.append(input, list, status);
    input.removeAttribute("list");
    input.autocomplete = "off";
    for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-expanded", "false"], ["aria-controls", listId]])
      input.setAttribute(name, value);

    let found = [];
    let at = -1;
    let timer = 0;
    let asked = 0;

    const close = () => {
      list.hidden = true;
      at = -1;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    };
    const mark = (index) => {
      at = index;
      [...list.children].forEach((option, position) => option.setAttribute("aria-selected", String(position === at)));
      const option = list.children[at];
      if (!option) return;
      input.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    };
    const choose = (index) => {
      const chosen = found[index];
      if (!chosen) return;
      input.value = chosen.name;
      if (into) into.value = chosen.code;
      close();
      input.dispatchEvent(new Event("change", { bubbles: true }));
    };
    const show = () => {
      list.replaceChildren(
        ...found.map((entry, index) => {
          const option = make("li", { id: `${listId}-${index}` }, make("span", { textContent: entry.name }), make("small", { textContent: entry.note || entry.code }));
          option.setAttribute("role", "option");
          option.setAttribute("aria-selected", "false");
          option.addEventListener("mousedown", (event) => {
            event.preventDefault(); // Keep the focus in the input.
            choose(index);
          });
          return option;
        }),
      );
      list.hidden = found.length === 0;
      input.setAttribute("aria-expanded", String(found.length > 0));
      status.textContent = found.length ? fill(words.pickCount, { count: found.length }) : words.pickNone || "";
      at = -1;
    };
    const ask = async () => {
      const query = input.value.trim();
      if (!query) return close();
      asked += 1;
      const mine = asked;
      try {
        const target = new URL(words.pickUrl, location.href);
        target.searchParams.set("q", query);
        const answer = await fetch(target, { headers: { Accept: "application/json" }, credentials: "same-origin" });
        if (!answer.ok || mine !== asked) return;
        found = await answer.json();
        if (mine === asked && document.activeElement === input) show();
      } catch {
        close(); // What was typed stays and is read by the server as it stands.
      }
    };

    input.addEventListener("input", () => {
      if (into) into.value = "";
      clearTimeout(timer);
      timer = setTimeout(ask, PICK_WAIT_MS);
    });
    input.addEventListener("keydown", (event) => {
      const open = !list.hidden;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        if (!open) return void ask();
        const step = event.key === "ArrowDown" ? 1 : -1;
        mark((at + step + found.length) % found.length);
      } else if (event.key === "Enter" && open && at >= 0) {
        event.preventDefault();
        choose(at);
      } else if (event.key === "Escape" && open) {
        event.preventDefault();
        event.stopPropagation();
        close();
      } else if (event.key === "Tab" && open && at >= 0) {
        choose(at);
      }
    });
    input.addEventListener("blur", close);
  };

  // ---- Idle ---------------------------------------------------------------------------------------------
  //
  // Attributes of the body: data-idle (minutes without use after which the session ends), data-idle-url (asked to stay),
  // and the words data-idle-soon ("… {n} …"), data-idle-stay (the button), data-idle-over. Every page that is loaded and
  // every request of a page is a use, in whichever tab: tabs tell each other.

  const IDLE_WARN_MS = 3 * 60_000;
  const IDLE_LOOK_MS = 10_000;

  const idle = () => {
    const words = document.body.dataset;
    const idleMs = Number(words.idle) * 60_000;
    if (!idleMs) return;
    // The server notes a use once a minute, so it may count up to a minute more than we do.
    const lastsMs = idleMs - 60_000;
    const tabs = "BroadcastChannel" in window ? new BroadcastChannel("liandong-used") : null;
    const text = make("p");
    const stay = make("button", { type: "button", className: "btn small", textContent: words.idleStay });
    const notice = make("div", { className: "notice warn idle", hidden: true }, text, stay);
    notice.setAttribute("role", "alert");
    document.body.append(notice);
    let used = Date.now();
    let over = false;

    const use = () => {
      used = Date.now();
      over = false;
      notice.hidden = true;
    };
    const said = () => {
      use();
      tabs?.postMessage("used");
    };
    const look = () => {
      const leftMs = used + lastsMs - Date.now();
      if (over || leftMs > IDLE_WARN_MS) return;
      over = leftMs <= 0;
      stay.hidden = over;
      text.textContent = over ? words.idleOver : fill(words.idleSoon, { n: Math.ceil(leftMs / 60_000) });
      notice.hidden = false;
    };
    stay.addEventListener("click", async () => {
      try {
        const answer = await fetch(words.idleUrl, { redirect: "manual", credentials: "same-origin" });
        if (answer.ok) return;
      } catch {
        return; // No network: the button stays, and the next look tells when it is over.
      }
      used = Date.now() - lastsMs;
      look();
    });
    // Whatever this page asks of the server is a use of the session, when the server took it.
    const ask = window.fetch.bind(window);
    window.fetch = async (...given) => {
      const answer = await ask(...given);
      if (answer.ok) said();
      return answer;
    };
    document.addEventListener("htmx:afterOnLoad", said);
    tabs?.addEventListener("message", use);
    said();
    setInterval(look, IDLE_LOOK_MS);
    addEventListener("pageshow", look);
    document.addEventListener("visibilitychange", look);
  };

  // ---- Small things -------------------------------------------------------------------------------------

  const once = (form) => {
    if (form.method !== "post" || form.matches("[hx-post], [data-many]")) return;
    form.addEventListener("submit", (event) => {
      const pending = form.querySelector("[data-pending]");
      if (form.dataset.sent || pending) {
        event.preventDefault();
        // A file is still on its way, or paused: there.
        pending?.scrollIntoView({ block: "center" });
        pending?.querySelector("button")?.focus({ preventScroll: true });
        return;
      }
      form.dataset.sent = "true";
      const button = event.submitter;
      // After the browser has read the form: a disabled button's name and value would not be sent.
      setTimeout(() => {
        if (!button) return;
        button.setAttribute("aria-disabled", "true");
        if (form.dataset.busy) {
          button.dataset.word = button.textContent;
          button.textContent = form.dataset.busy;
        }
      }, 0);
    });
  };

  // Back from the browser's page cache: the form may be sent again.
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    each(document, "form[data-sent]", (form) => delete form.dataset.sent);
    each(document, 'button[aria-disabled="true"]', (button) => {
      button.removeAttribute("aria-disabled");
      if (button.dataset.word) button.textContent = button.dataset.word;
    });
  });

  // ---- Day: data-day names the element that tells, data-day-url what knows, with the day behind a slash ----

  const day = (input) => {
    const note = document.getElementById(input.dataset.day);
    if (!note) return;
    let asked = 0;
    input.addEventListener("change", async () => {
      const mine = ++asked;
      note.textContent = "";
      if (!input.value) return;
      try {
        const answer = await fetch(`${input.dataset.dayUrl}/${encodeURIComponent(input.value)}`, {
          headers: { Accept: "application/json" },
          redirect: "manual",
          credentials: "same-origin",
        });
        // Only the newest day is told of, however late the answers come.
        if (answer.ok && mine === asked) note.textContent = (await answer.json()).words;
      } catch {
        // A hint, and the page says it again when the form comes back.
      }
    });
  };

  const lines = (box) =>
    box.addEventListener("input", () => {
      const last = [...box.querySelectorAll("input")].at(-1);
      if (!last?.value.trim()) return;
      const next = last.cloneNode();
      next.id = "";
      next.removeAttribute("aria-invalid");
      next.value = "";
      next.setAttribute("value", "");
      if (!next.hasAttribute("aria-label")) next.setAttribute("aria-label", last.labels?.[0]?.textContent || "");
      box.append(next);
    });

  const copy = (button) => {
    if (!navigator.clipboard) return; // Stays hidden: outside a secure context there is no clipboard.
    button.hidden = false;
    const word = button.textContent;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = button.dataset.copied || word;
      setTimeout(() => (button.textContent = word), 2000);
    });
  };

  const print = (button) => {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  };

  const checkAll = (box) => {
    box.hidden = false;
    const all = () => document.querySelectorAll(`input[type="checkbox"][name="${CSS.escape(box.dataset.checkAll)}"]`);
    box.addEventListener("change", () => all().forEach((other) => (other.checked = box.checked)));
  };

  // A chart wider than its frame opens where the matter stands.
  const chartFrame = (frame) => {
    const here = frame.querySelector(".chart-marked");
    if (!here || frame.scrollWidth <= frame.clientWidth) return;
    const [state, around] = [here.getBoundingClientRect(), frame.getBoundingClientRect()];
    frame.scrollLeft += state.left + state.width / 2 - (around.left + around.width / 2);
  };

  // Header menus are <details>: close them on Escape and on a click elsewhere.
  const closeMenus = (but) => each(document, "details.menu[open]", (menu) => menu !== but && menu.removeAttribute("open"));
  document.addEventListener("click", (event) => closeMenus(event.target.closest?.("details.menu")));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = document.activeElement?.closest?.("details.menu[open]");
    closeMenus(null);
    menu?.querySelector("summary").focus();
  });

  // A long form jumps to its summary of errors.
  document.querySelector(".errors[tabindex]")?.focus();

  // Opened for printing: explain panels and the like are part of the record.
  addEventListener("beforeprint", () => each(document, "details.explain:not([open]), details.custody:not([open])", (one) => {
    one.open = true;
    one.dataset.printed = "true";
  }));
  addEventListener("afterprint", () => each(document, "details[data-printed]", (one) => {
    one.open = false;
    delete one.dataset.printed;
  }));

  const start = (root) => {
    each(root, "[data-draft-clear]", (mark) => stored.drop(mark.dataset.draftClear));
    each(root, "form[data-draft]", draft);
    each(root, 'form[action="/sign-out"]', forgetAll);
    each(root, "input[data-pick]", pick);
    each(root, "input[data-day]", day);
    each(root, "[data-lines]", lines);
    each(root, "form", once);
    each(root, "button[data-copy]", copy);
    each(root, "button[data-print]", print);
    each(root, ".chart-frame", chartFrame);
    each(root, "input[data-check-all]", checkAll);
  };

  start(document);
  idle();
  // Parts brought in later by htmx get the same comfort.
  document.addEventListener("htmx:load", (event) => event.detail?.elt && event.detail.elt !== document.body && start(event.detail.elt));
})();
