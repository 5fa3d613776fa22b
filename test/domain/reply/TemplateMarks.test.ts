import { assert, describe, it } from "@effect/vitest"
import { mayHoldMark, templateMark } from "../../../src/domain/reply/TemplateMarks.ts"
import { mixed } from "../arbitraries.ts"

/** What marks are made of, and what stands around them. */
const pieces = [
  ..."<>|｜[]#:/._!?…)\"' \n▁xé",
  ..."assistant,aſſiſtant,user,USER,Human,model,system,GPT4 Correct ,response,turn,end".split(","),
  ..."im_end,im_start,eot_id,INST,SYS,bos,tool_call,]~b,~!b,e~,hello".split(",")
]

describe("a text that may hold a mark of a chat template", () => {
  it.prop("is every text that holds one", [mixed(pieces, 6)], ([text]) => {
    if (mayHoldMark(text)) return
    assert.deepStrictEqual([...text.matchAll(templateMark)].map(([mark]) => mark), [])
  }, { arbitrary: { runs: 5_000 } })

  it("is one with a mark of any kind", () => {
    const marked = [
      "hi<|im_end|>",
      "hi<|user>",
      "eot_id>",
      "user|>",
      "[|assistant|]",
      "<eos>",
      "<tool_call>",
      "a ### User:",
      "[ARGS]",
      "[/INST]",
      "<<SYS>>",
      "]~b]",
      "User: hi",
      "HUMAN: hi",
      "a ASSISTANT: b",
      "hi\nmodel\n",
      "Yes.user"
    ]
    for (const text of marked) {
      assert.isAbove([...text.matchAll(templateMark)].length, 0, text)
      assert.isTrue(mayHoldMark(text), text)
    }
  })

  it("is no usual answer", () => {
    for (
      const answer of ["That was a great film!", "I'd say: see it (twice), user reviews or not…", "日本語の返事です。"]
    ) {
      assert.isFalse(mayHoldMark(answer), answer)
    }
  })
})
