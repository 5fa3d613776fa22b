import { plainText } from "./src/domain/reply/PlainText.ts"
import { clean } from "./src/domain/reply/Clean.ts"
import { commandSafe } from "./src/domain/reply/CommandSafe.ts"
import { withinLength } from "./src/domain/reply/Length.ts"
const time=(n:string,f:()=>unknown)=>{const b=performance.now();try{f()}catch(e){console.log(n,String(e).slice(0,100));return};console.log(n,(performance.now()-b).toFixed(1))}
const P=(s:string)=>plainText(s,{strip_markdown:true,collapse_newlines:true})
P("warm *up*")
const H={brk:"[".repeat(10000),gt:">".repeat(10000),gts:"> ".repeat(5000),star:"*a_ ".repeat(2500),bt:"`".repeat(10000), lt:"<".repeat(10000), amp:"&amp;"+"amp;".repeat(2000), bs:"\\".repeat(10000), nest:"**a ".repeat(2500), nest2:"*a **a ".repeat(1400), li:"- ".repeat(5000), img:"![".repeat(5000), link:"[a](".repeat(2500), sp:" ".repeat(10000)+"x",xsp:"x"+" ".repeat(10000)+"x", a:"a".repeat(10000), em:"*".repeat(10000)+"a"+"*".repeat(10000), cl:"<a ".repeat(3300), cm:"<!--".repeat(2500), nl:"a\n\n".repeat(3300), quoteN: ("\n>".repeat(5000)), til:"~~a ".repeat(2500), sp2:"~~a"+" ".repeat(10000), abbr: "A. ".repeat(3300), dots:"... ".repeat(2500),think:"<think>".repeat(1400),think2:"<think ".repeat(1400),close:"</think ".repeat(1200), bot:"Bot:".repeat(2500)}
for (const [n,s] of Object.entries(H)) {time("P "+n,()=>P(s)); time("    C "+n,()=>clean(s,["Bot"]));time("    S "+n,()=>commandSafe(s));time("    L "+n,()=>withinLength(s,200,"sentence"))}
for (const s of ["~~x~~ hi","<div>Hello there</div>","1. a\n1. b","**서울**은 좋아요","2*3*4","(1+2)*3*(4)","un*frigging*believable","**Note:**text","~~~~a~~~~", "| a | b |\n|---|---|\n| 1 | 2 |"]) console.log(JSON.stringify(P(s)))
for (const s of ["<think>a<think>b</think>c</think>answer","a<think/>b","[THINK]x[/THINK]y","◁think▷x◁/think▷y","<|begin_of_thought|>x<|end_of_thought|>y","<seed:think>x</seed:think>y","x</think>y","y<think>x","Bot: assistant: \"hi there\"","!Bot: hi","[analysis] of it","<THINK >x< /think>y"]) console.log(JSON.stringify(clean(s,["Bot"])))
