// One client of Node: a task a line on standard input, what the client gave a line on the output.
import { createRequire } from "node:module";
import net from "node:net";
import path from "node:path";
import readline from "node:readline";
import { pathToFileURL } from "node:url";

const [name, folder] = process.argv.slice(2);
const write = process.stdout.write.bind(process.stdout);
process.stdout.write = process.stderr.write.bind(process.stderr); // what a client prints is no result
const KEY = "sk-no-key";

const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (...given) {
  const options = Array.isArray(given[0]) ? given[0][0] : given[0];
  const host = typeof options === "object" ? options.host : given[1];
  if (!["127.0.0.1", "localhost", undefined].includes(host)) {
    throw new Error(`only loopback may be connected to, not ${host}`);
  }
  return connect.apply(this, given);
};

const require = createRequire(path.join(folder, "package.json"));
const load = (module) => import(pathToFileURL(require.resolve(module)).href);

function image(text) {
  const data = Buffer.from(text, "base64");
  const whole = /^(89504e47.*49454e44ae426082|ffd8ff.*ffd9)$/.test(data.toString("hex"));
  const riff = data.length > 8 && data.toString("latin1", 0, 4) === "RIFF";
  const webp = riff && data.readUInt32LE(4) === data.length - 8;
  return whole || webp ? "an image" : "no image";
}

function withoutPayloads(value) {
  if (Array.isArray(value)) return value.map(withoutPayloads);
  if (value === null || typeof value !== "object") return value;
  const kept = Object.entries(value)
    .filter(([, item]) => item !== null && item !== undefined)
    .map(([key, item]) => [key, withoutPayloads(item)]);
  const plain = Object.fromEntries(kept);
  if (typeof plain.b64_json === "string") plain.b64_json = image(plain.b64_json);
  return plain;
}

async function openai() {
  const { default: OpenAI } = await load("openai");
  return async ({ base_url, request }) => {
    const client = new OpenAI({ baseURL: base_url, apiKey: KEY, maxRetries: 0, timeout: 8000 });
    const answer = await client.images.generate(request);
    if (!request.stream) return answer;
    const events = [];
    for await (const event of answer) events.push(event);
    return { events };
  };
}

async function aiSDK(module, settings, key) {
  const { generateImage, experimental_generateImage } = await load("ai");
  const factory = (await load(module))[settings.factory];
  return async ({ base_url, request }) => {
    if ("stream" in request || (request.response_format ?? "b64_json") !== "b64_json") {
      throw new Error("the SDK reads base64 alone, and no stream");
    }
    const provider = factory({ baseURL: base_url, apiKey: KEY, name: key });
    const model = provider.imageModel?.(request.model) ?? provider.image(request.model);
    const { prompt, n } = request;
    const generate = generateImage ?? experimental_generateImage;
    const asked = { model, prompt, maxRetries: 0, abortSignal: AbortSignal.timeout(8000) };
    const answer = await generate(n === undefined ? asked : { ...asked, n });
    return {
      images: answer.images.map(({ base64, mediaType }) => ({ b64_json: base64, mediaType })),
      usage: answer.usage,
      metadata: answer.providerMetadata,
    };
  };
}

async function langchain() {
  const { DallEAPIWrapper } = await load("@langchain/openai");
  return async ({ base_url, request }) => {
    if ("stream" in request) throw new Error("the tool has no stream");
    const { model, n, response_format } = request;
    const given = { apiKey: KEY, model, maxRetries: 0, baseUrl: base_url };
    if (n !== undefined) given.n = n;
    if (response_format !== undefined) given.dallEResponseFormat = response_format;
    const answer = await new DallEAPIWrapper(given).invoke(request.prompt);
    const texts = [answer].flat().map((item) => item?.image_url?.url ?? item?.image_url ?? item);
    return { images: texts.map((text) => ({ [response_format ?? "url"]: text })) };
  };
}

const CLIENTS = {
  openai,
  "ai-sdk-openai": () => aiSDK("@ai-sdk/openai", { factory: "createOpenAI" }, "openai"),
  "ai-sdk-openai-compatible": () =>
    aiSDK("@ai-sdk/openai-compatible", { factory: "createOpenAICompatible" }, "provider"),
  langchain,
};

function raised(error) {
  const said = { line: `${error?.name ?? typeof error}: ${error?.message ?? error}`.slice(0, 2000) };
  const status = error?.status ?? error?.statusCode;
  const members = { status, code: error?.code, type: error?.type, param: error?.param };
  for (const [key, value] of Object.entries(members)) {
    if (value !== undefined && value !== null) said[key] = value;
  }
  return { raised: said };
}

const generate = await CLIENTS[name]();
write("{}\n"); // ready
for await (const line of readline.createInterface({ input: process.stdin })) {
  const task = JSON.parse(line);
  let result;
  try {
    result = { value: withoutPayloads(await generate(task)) };
  } catch (error) {
    result = raised(error);
  }
  write(`${JSON.stringify({ id: task.id, ...result })}\n`);
}
