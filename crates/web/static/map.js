// A place picked on the map the server draws; without this script its two numbers are typed.
//
//   [data-place]      holds two inputs, longitude and latitude, and a [data-place-map] that is shown here
//   data-place-of     the id of the hidden input with the code of the division that is mapped
//   data-place-url    before /CODE/map stands the map of a division
//   svg[data-west][data-north][data-across][data-down]: its west and north edge in degrees, and units a degree
(() => {
  "use strict";

  const DIGITS = 5; // A metre or so: more than the map can tell.
  const degrees = (input) => (input.value.trim() === "" ? NaN : Number(input.value));

  const place = (box) => {
    const [east, north] = box.querySelectorAll("input");
    const frame = box.querySelector("[data-place-map]");
    const drawing = frame.querySelector("[data-place-drawing]");
    const svg = () => drawing.querySelector("svg");
    const facts = () => {
      const { west, north: top, across, down } = svg().dataset;
      return { west: Number(west), top: Number(top), across: Number(across), down: Number(down) };
    };

    const pin = () => {
      if (!svg()) return;
      svg().querySelector(".pin")?.remove();
      const [longitude, latitude] = [degrees(east), degrees(north)];
      if (!Number.isFinite(longitude) || !Number.isFinite(latitude)) return;
      const { west, top, across, down } = facts();
      const mark = document.createElementNS("http://www.w3.org/2000/svg", "circle");
      const at = { class: "pin", cx: (longitude - west) * across, cy: (top - latitude) * down, r: 6 };
      for (const [name, value] of Object.entries(at)) mark.setAttribute(name, value);
      svg().append(mark);
    };

    drawing.addEventListener("click", (event) => {
      const seen = svg()?.getScreenCTM();
      if (!seen) return;
      const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(seen.inverse());
      const { west, top, across, down } = facts();
      east.value = (west + x / across).toFixed(DIGITS);
      north.value = (top - y / down).toFixed(DIGITS);
      for (const input of [east, north]) input.dispatchEvent(new Event("input", { bubbles: true }));
    });
    for (const input of [east, north]) input.addEventListener("input", pin);

    // Another division, another map; the newest asked for wins.
    const code = document.getElementById(box.dataset.placeOf);
    let shown = code?.value ?? "";
    let asked = 0;
    const redraw = async () => {
      if (!code?.value || code.value === shown) return;
      shown = code.value;
      const mine = ++asked;
      try {
        const answer = await fetch(`${box.dataset.placeUrl}/${encodeURIComponent(shown)}/map`, { credentials: "same-origin", redirect: "manual" });
        if (mine !== asked) return;
        drawing.innerHTML = answer.ok ? await answer.text() : "";
      } catch {
        return; // The numbers can still be typed.
      }
      frame.hidden = !svg();
      pin();
    };
    code?.form?.addEventListener("change", redraw);

    frame.hidden = !svg();
    pin();
  };

  document.querySelectorAll("[data-place]").forEach(place);
})();
