import { describe, expect, it } from "@effect/vitest"
import { clean } from "../../../src/domain/reply/Clean.ts"
import { anybody } from "../../../src/domain/reply/Transcript.ts"
import { mixed } from "../arbitraries.ts"

const said = "I like films too."
// Sources: the templates that the models' own repositories ship, and what people report of servers that leak them.
const families: ReadonlyArray<readonly [family: string, answer: string]> = [
  ["ChatML", `<|im_start|>assistant\n${said}<|im_end|>`],
  ["ChatML, more behind", `${said}<|im_end|>\n<|im_start|>user\nWhich ones?<|im_end|>\n<|im_start|>assistant\nAll.`],
  ["ChatML, only the role", `assistant\n${said}<|im_end|>`],
  ["ChatML, brackets eaten", `${said} im_end|>\nWhich ones?`],
  ["ChatML, bars only", `${said}|im_end|`],
  ["ChatML, end of it eaten", `${said}<|im_end`],
  ["ChatML, bars eaten", `<im_start>assistant\n${said}<im_end>`],
  ["Llama 2", `<s>[INST] <<SYS>>\nBe nice.\n<</SYS>>\n\nHello [/INST] ${said} </s><s>[INST] And? [/INST]`],
  ["Llama 2, end of the instruction", ` [/INST] ${said} </s>`],
  ["Llama 2, brackets eaten", `/INST] ${said} [INST`],
  ["Llama 3", `<|start_header_id|>assistant<|end_header_id|>\n\n${said}<|eot_id|>`],
  ["Llama 3, marks eaten", `${said}assistant\n\nIs there more?assistant\n\nNo.`],
  ["Llama 3, another turn", `${said}<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nWhich ones?`],
  ["Llama 4", `<|header_start|>assistant<|header_end|>\n\n${said}<|eot|>`],
  ["Mistral", `${said}</s>[INST] Which ones? [/INST]`],
  ["Mistral, a call behind", `${said}[TOOL_CALLS][{"name":"search","arguments":{}}]`],
  ["Gemma", `<start_of_turn>model\n${said}<end_of_turn>\n<start_of_turn>user\nWhich?`],
  ["Gemma, brackets eaten", `${said}<end_of_turn\n`],
  ["Gemma 4", `<|turn>model\n<|channel>thought\nThe user likes films.<channel|>${said}<turn|>`],
  ["Phi", `<|assistant|>${said}<|end|><|user|>Which ones?<|end|>`],
  ["Phi 4", `<|im_start|>assistant<|im_sep|>${said}<|im_end|>`],
  ["DeepSeek", `<｜Assistant｜>${said}<｜end▁of▁sentence｜><｜User｜>Which ones?`],
  ["DeepSeek, thinking", `The user likes films.</think>${said}<｜end▁of▁sentence｜>`],
  ["Qwen", `<think>\n\n</think>\n\n${said}<|endoftext|>Human: Which ones?`],
  ["GLM", `<|assistant|>\n<think>hm</think>\n<|begin_of_box|>${said}<|end_of_box|><|user|>`],
  ["GLM 4", `[gMASK]<sop><|assistant|>\n${said}<|observation|>`],
  [
    "Command-R",
    `<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>${said}<|END_OF_TURN_TOKEN|><|START_OF_TURN_TOKEN|><|USER_TOKEN|>No`
  ],
  ["Command-A", `<|START_THINKING|>hm<|END_THINKING|><|START_RESPONSE|>${said}<|END_RESPONSE|>more`],
  [
    "gpt-oss",
    `<|channel|>analysis<|message|>The user likes films.<|end|><|start|>assistant<|channel|>final<|message|>${said}<|return|>`
  ],
  ["gpt-oss, first mark eaten", `analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>${said}`],
  ["gpt-oss, all marks eaten", `analysisWe need to answer shortly.assistantfinal${said}`],
  ["gpt-oss, constrained", `<|channel|>final <|constrain|>json<|message|>${said}<|end|>`],
  ["gpt-oss, channel of the role", `<|channel|>assistant<|message|>${said}<|end|>`],
  ["Granite", `<|start_of_role|>assistant<|end_of_role|>${said}<|end_of_text|>`],
  ["Yi", `<|startoftext|>${said}<|im_end|>`],
  ["Vicuna", `ASSISTANT: ${said}</s>USER: Which ones?`],
  ["Vicuna, headings", `${said}\n### Human: Which ones?\n### Assistant: All.`],
  ["Alpaca", `### Response:\n${said}\n\n### Instruction:\nGo on.`],
  ["Hermes", `${said}\n<tool_call>\n{"name": "search", "arguments": {}}\n</tool_call>`],
  ["Kimi", `<|im_assistant|>assistant<|im_middle|>${said}<|im_end|>`],
  [
    "Kimi, a call",
    `${said}<|tool_calls_section_begin|><|tool_call_begin|>f:0<|tool_call_argument_begin|>{}<|tool_call_end|><|tool_calls_section_end|>`
  ],
  ["MiniMax", `]~b]ai\n<think>hm</think>${said}[e~[\n]~b]user\nWhich?`],
  [
    "MiniMax, a call",
    `${said}<minimax:tool_call><invoke name="f"><parameter name="a">1</parameter></invoke></minimax:tool_call>`
  ],
  ["OpenChat", `GPT4 Correct Assistant: ${said}<|end_of_turn|>GPT4 Correct User: Which?`],
  ["EXAONE", `[|assistant|]${said}[|endofturn|]\n[|user|]Which?`],
  ["InternLM", `${said}<eoa>\n<|User|>:Which?`],
  ["Apertus", `<|assistant_start|><|inner_prefix|>hm<|inner_suffix|>${said}<|assistant_end|>`],
  ["Ling", `<role>ASSISTANT</role>${said}<|role_end|>`],
  ["Seed", `<seed:think>hm</seed:think>${said}<seed:eos>`],
  ["LFM", `<|startoftext|><|im_start|>assistant\n${said}<|tool_call_start|>[search(q="x")]<|tool_call_end|>`],
  ["s1", `<|im_start|>think\nhm<|im_start|>answer\n${said}<|im_end|>`],
  ["an unknown family", `<|begin_of_assistant|>${said}<|end_of_whatever|>more`],
  ["Command-R's tokens", `<BOS_TOKEN>${said}<EOS_TOKEN>`],
  ["Vicuna on one line", `USER: Which? ASSISTANT: ${said}`],
  ["Phi, a bar alone", `${said}|end|>`],
  ["a mark closed as HTML", `<|assistant|>${said}</|assistant|>`],
  ["a tokenizer's bytes and blanks", `▁I▁like▁films▁too.<0x0A>`],
  ["a tag of the answer", `<think>hm</think><answer>${said}</answer>`],
  ["Kimi's triangles", `◁think▷hm◁/think▷${said}`],
  ["thinking as HTML", `&lt;think&gt;hm&lt;/think&gt;${said}`],
  ["Open WebUI", `<details type="reasoning" done="true">\n<summary>Thought</summary>hm</details>\n${said}`],
  ["thinking, brackets eaten", `think>\nhm\n/think>\n${said}`],
  ["a mark cut in two", `${said}<|im_e`],
  ["another mark cut in two", `${said}<end_of_t`],
  ["a sharp mark cut in two", `${said}[TOOL_CA`]
]

const nothing: ReadonlyArray<readonly [what: string, answer: string]> = [
  ["a call", "<tool_call>{\"name\":\"search\",\"arguments\":{}}</tool_call>"],
  ["a call in JSON", "{\"name\": \"search\", \"parameters\": {\"q\": \"films\"}}"],
  ["a fenced call", "```json\n{\"name\": \"search\", \"arguments\": {\"q\": \"films\"}}\n```"],
  ["Llama's call", "<|python_tag|>search.call(q=\"films\")"],
  ["a call by function", "<function=search>{\"q\":\"films\"}</function>"],
  ["Mistral's call", "[TOOL_CALLS]search[ARGS]{\"q\":\"films\"}"],
  ["gpt-oss's call", "<|channel|>commentary to=functions.search <|constrain|>json<|message|>{\"q\":\"films\"}<|call|>"],
  ["analysis only", "<|channel|>analysis<|message|>The user likes films."],
  ["analysis only, marks eaten", "analysisWe need to answer shortly. Perhaps"],
  ["thinking that never ends, without a mark", "Okay, the user is asking about films. I should"],
  ["an end", "<|im_end|>"],
  ["a speaker with a bar eaten", "|user|> Which ones?"],
  ["an end first", "<|im_end|>\n<|im_start|>user\nhello"],
  ["somebody else's turn", "<|user|>\nWhich ones?"]
]

const ordinary = [
  "a |> b is a pipe, <-> an arrow, I <3 it",
  "f <| g is one too",
  "that is <3 and x < y > z",
  "the im_end token ends it",
  "an assistant is a person",
  "[server] is no name, [INSTANT] neither",
  "| user | name |",
  "end of turn, end of story",
  "see the function call in main",
  "The user interface in that film is great",
  "USER is a word",
  "the ### sign",
  "{\"json\": true} is JSON",
  "analysis of films",
  "final thoughts: great"
]

describe("control text of templates", () => {
  it.each(families)("is not said: %s", (_, answer) => expect(clean(answer, anybody)).toBe(said))
  it.each(nothing)("leaves nothing: %s", (_, answer) => expect(clean(answer, anybody)).toBe(""))
  it.each(ordinary)("is not what only looks like it: %s", (line) => expect(clean(line, anybody)).toBe(line))

  const control = /<[|｜]|[|｜]>|\[\/?INST|_of_turn|tool_call|im_end|assistant\n/
  it("is never said in part: each family, cut at every place", () => {
    for (const [family, answer] of families) {
      for (let end = 0; end <= answer.length; end++) {
        const line = clean(answer.slice(0, end), anybody)
        expect(line, `${family} at ${end}`).not.toMatch(control)
      }
    }
  })

  it.prop("is never said, in whatever order the marks stand", [
    mixed([
      "<|im_start|>",
      "<|im_end|>",
      "assistant\n",
      "user\n",
      "[INST]",
      "[/INST]",
      "</s>",
      "<|channel|>",
      "final",
      "<|message|>",
      "<start_of_turn>",
      "<end_of_turn>",
      "<tool_call>",
      "</tool_call>",
      "<think>",
      "</think>",
      "Hello there. ",
      "\n"
    ], 30)
  ], ([answer]) => {
    expect(clean(answer, anybody)).not.toMatch(
      /<\|?(?:im_|channel|message|start_of|end_of|\/?tool|\/?think)|\[\/?INST\]/
    )
  }, { arbitrary: { runs: 500 } })
})
