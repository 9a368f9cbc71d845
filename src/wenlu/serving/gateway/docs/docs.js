"use strict";

// Everything from the service or the user goes into the page as text, never as HTML.
const at = (id) => document.getElementById(id);
const made = (tag, text, name) => {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (name) element.className = name;
  return element;
};
const EXAMPLES = ["这家店的服务很好，下次还会再来", "质量很差，再也不买了", "とても良かったです。また利用します！", "接客が最悪でした"];
const MOST_BARS = 12;
let answersWithNumber = false;
let key = "";  // in this page's memory alone

async function fetched(path, options) {
  const headers = { ...(options || {}).headers, ...(key ? { authorization: `Bearer ${key}` } : {}) };
  const reply = await fetch(path, { ...options, headers });
  const body = await reply.json();
  at("unlock").hidden = reply.status === 401 ? false : at("unlock").hidden;
  if (!reply.ok && body.error) throw new Error([body.error.message, body.error.hint].filter(Boolean).join(" "));
  return body;
}

async function showModel() {
  const model = (await fetched("/v1/models")).data[0];
  answersWithNumber = model.task === "regress";
  showSnippets();
  document.title = `${model.id} · Wenlu 文炉`;
  at("name").textContent = model.id;
  at("facts").textContent = [
    `version ${model.version}`,
    model.architecture,
    `${model.parameters.toLocaleString("en")} parameters`,
    model.task === "regress" ? "answers with a number" : `${model.labels.length} labels`,
  ].join(" · ");
}

async function showReadiness() {
  const { ready, reason } = await fetched("/readyz");
  at("ready").textContent = ready ? "✓ proven · 已验证 · 検証済み" : "not ready";
  at("ready").title = ready ? "Before it opened, it gave the answers recorded at training again." : reason;
  at("ready").classList.toggle("is-ready", ready);
}

async function showInterface() {
  const described = await fetched("/openapi.json");
  for (const [path, methods] of Object.entries(described.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      if (path === "/" || path.startsWith("/docs/")) continue;
      const row = document.createElement("tr");
      const verb = document.createElement("td");
      verb.append(made("span", method.toUpperCase(), `method ${method}`));
      const where = document.createElement("td");
      if (method === "get" && !path.includes("{")) {
        const link = made("a", path);
        link.href = path;
        where.append(link);
      } else {
        where.textContent = path;
      }
      row.append(verb, where, made("td", operation.summary));
      at("routes").append(row);
    }
  }
  const inputs = described.components.schemas.PredictRequest.properties.inputs;
  at("limits").textContent =
    `A request holds ${inputs.maxItems} texts of ${inputs.items.maxLength.toLocaleString("en")} characters at most.`;
  const codes = described.info.description.match(/\d{3} [a-z0-9_]+/g) || [];
  for (const [status, names] of grouped(codes)) {
    const entry = document.createElement("div");
    entry.append(made("dt", status), made("dd", names.join(", ")));
    at("errors").append(entry);
  }
}

function grouped(codes) {
  const groups = new Map();
  for (const code of codes) {
    const [status, name] = code.split(" ");
    groups.set(status, [...(groups.get(status) || []), name]);
  }
  return groups;
}

async function predict() {
  const button = document.querySelector("#try button[type=submit]");
  button.disabled = true;
  const began = performance.now();
  try {
    const said = await fetched("/v1/predict", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ inputs: [at("text").value] }),
    });
    showAnswer(said.outputs[0], performance.now() - began, said.request_id);
  } catch (error) {
    at("answer").replaceChildren(made("p", error.message, "trouble"));
  } finally {
    button.disabled = false;
  }
}

function showAnswer(output, milliseconds, id) {
  const took = `${milliseconds.toFixed(0)} ms · request ${id}`;
  if (output.value !== undefined) {
    at("answer").replaceChildren(made("p", String(Number(output.value.toPrecision(6))), "value"), made("p", took, "quiet"));
    return;
  }
  const ranked = Object.entries(output.scores).sort((one, other) => other[1] - one[1]);
  const bars = ranked.slice(0, MOST_BARS).map(([label, score]) => {
    const bar = made("div", undefined, label === output.label ? "bar best" : "bar");
    const meter = document.createElement("meter");
    meter.value = score;
    meter.setAttribute("aria-label", label);
    bar.append(made("span", label, "label"), meter, made("span", `${(score * 100).toFixed(1)} %`, "share"));
    return bar;
  });
  const more = ranked.length > MOST_BARS ? `${ranked.length - MOST_BARS} more labels · ` : "";
  at("answer").replaceChildren(...bars, made("p", `${more}${took}`, "quiet"));
}

function showSnippets() {
  const text = at("text").value;
  const body = JSON.stringify({ inputs: [text] }).replaceAll("'", "\\u0027");
  at("curl").textContent =
    `curl -s ${location.origin}/v1/predict \\\n  -H 'content-type: application/json' \\\n` +
    `${key ? "  -H \"authorization: Bearer $WENLU_KEY\" \\\n" : ""}  -d '${body}'`;
  at("python").textContent =
    `import wenlu\n\nwith wenlu.Client("${location.origin}"${key ? ', key="wl_…"' : ""}) as client:\n` +
    `    prediction = client.predict_one(${JSON.stringify(text)})\n    print(${answersWithNumber ? "prediction.value" : "prediction.label, prediction.score"})`;
}

function offerExamples() {
  for (const example of EXAMPLES) {
    const button = made("button", example);
    button.type = "button";
    button.addEventListener("click", () => {
      at("text").value = example;
      showSnippets();
      predict();
    });
    at("examples").append(button);
  }
}

async function copy(button) {
  await navigator.clipboard.writeText(at(button.dataset.copy).textContent);
  button.textContent = "copied";
  setTimeout(() => { button.textContent = "copy"; }, 1500);
}

at("try").addEventListener("submit", (event) => { event.preventDefault(); predict(); });
at("text").addEventListener("input", showSnippets);
at("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) predict();
});
for (const button of document.querySelectorAll("[data-copy]")) button.addEventListener("click", () => copy(button));
offerExamples();
showSnippets();
function showAll() {
  for (const show of [showModel, showReadiness, showInterface]) {
    show().catch((error) => at("answer").replaceChildren(made("p", error.message, "trouble")));
  }
}
at("unlock").addEventListener("submit", (event) => {
  event.preventDefault();
  key = at("key").value.trim();
  at("unlock").hidden = true;
  at("answer").replaceChildren();
  showAll();
});
showAll();
if (new URLSearchParams(location.search).has("try")) predict();
