// Reads {baseURL, apiKey, requests: [{model, prompt, n, size, providerOptions}]} from standard
// input, asks for each through the AI SDK, and prints one JSON list of what its parser made of it.
import { text } from "node:stream/consumers";
import { createOpenAI } from "@ai-sdk/openai";
import { experimental_generateImage as generateImage } from "ai";

const { baseURL, apiKey, requests } = JSON.parse(await text(process.stdin));
const provider = createOpenAI({ baseURL, apiKey });

async function ask({ model, ...options }) {
  try {
    const result = await generateImage({ model: provider.image(model), maxRetries: 0, ...options });
    const images = result.images.map(({ mediaType, base64 }) => ({ mediaType, base64 }));
    const { warnings, usage, providerMetadata } = result;
    return { images, warnings, usage, metadata: providerMetadata.openai };
  } catch (error) {
    return { error: error.name, status: error.statusCode, message: error.message };
  }
}

const answers = [];
for (const request of requests) answers.push(await ask(request));
process.stdout.write(JSON.stringify(answers));
