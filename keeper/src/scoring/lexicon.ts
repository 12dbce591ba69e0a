/** Closed word classes of English: the little that the scorer knows about the language. */

const split = (s: string): string[] => s.trim().split(/\s+/);

/** Class of a function word, as far as word order can be judged by it. */
export type WordClass = "det" | "prep" | "aux" | "modal" | "conj" | "pron" | "poss" | "wh" | "neg" | "adv";

const CLASSES: Record<WordClass, string[]> = {
  det: split("the a an every each"),
  poss: split("my your his its our their"),
  prep: split(
    "of in on at by for from with into onto to about against between through during without within under over among upon per via than toward towards across behind beneath beside beyond",
  ),
  aux: split("am is are was were be been being do does did has have had having"),
  modal: split("can could may might must shall should will would cannot"),
  conj: split("and or but nor if because although though while whereas unless until since whether as so"),
  pron: split(
    "i me you he him she it we us they them himself herself itself themselves myself yourself ourselves something anything nothing someone anyone everyone nobody one this that these those her",
  ),
  wh: split("who whom whose which what when where why how"),
  neg: split("not never no neither none"),
  adv: split(
    "there here then also very too just only even still yet again once such same other another some any all both either more most less least much many few own out up down off above below before after now ever however thus therefore hence already almost rather quite well etc like",
  ),
};

const CLASS_OF = new Map<string, WordClass>();
for (const [name, words] of Object.entries(CLASSES) as [WordClass, string[]][])
  for (const word of words) CLASS_OF.set(word, name);

/** Frequent words that carry little of what a question asks for, besides the function words. */
const LIGHT = new Set(
  split(
    "s t re ve ll d m please tell explain describe give name list say said says get got make made makes go goes went let know think see want need mean means really thing things way ways lot kind sort using used use uses called actually maybe yes yeah ok okay oh hi hello thanks thank sure",
  ),
);

export function wordClass(lower: string): WordClass | undefined {
  return CLASS_OF.get(lower);
}

export function isFunctionWord(lower: string): boolean {
  return CLASS_OF.has(lower);
}

/** True for words that count as content: neither function words nor light ones. */
export function isContentWord(lower: string): boolean {
  return !CLASS_OF.has(lower) && !LIGHT.has(lower);
}

/** Small numbers in words, so that "three" and "3" agree ("one" is mostly a pronoun and stays out). */
export const NUMBER_WORDS = new Map(
  split(
    "zero=0 two=2 three=3 four=4 five=5 six=6 seven=7 eight=8 nine=9 ten=10 eleven=11 twelve=12 thirteen=13 fourteen=14 fifteen=15 sixteen=16 seventeen=17 eighteen=18 nineteen=19 twenty=20 thirty=30 forty=40 fifty=50 sixty=60 seventy=70 eighty=80 ninety=90 hundred=100 thousand=1000 million=1000000 billion=1000000000",
  ).map((pair) => pair.split("=") as [string, string]),
);

/** Words that turn a sentence into its opposite. */
export const NEGATIONS = new Set(
  split(
    "not no never neither nor none nobody nothing without cannot lack lacks fail fails failed refuse refuses refused",
  ),
);

/** Pairs of opposites (stems are taken by the reader): one in the claim, the other in the evidence is a contradiction. */
export const OPPOSITES: readonly (readonly [string, string])[] = [
  "more less|most least|above below|before after|increase decrease|rise fall|rises falls|rose fell|raise lower|high low|higher lower|highest lowest|maximum minimum|first last|early late|earlier later|always never|allow forbid|allowed forbidden|accept reject|win lose|won lost|gain loss|open close|start end|begin end|inside outside|hot cold|warm cold|true false|fast slow|faster slower|large small|larger smaller|largest smallest|long short|longer shorter|longest shortest|strong weak|old new|oldest newest|older younger|north south|east west|left right|up down|buy sell|day night|summer winter|winter spring|spring autumn|public private|before during|alive dead|male female|import export|enable disable|grow shrink|upper lower|cheap expensive|cheapest dearest|thick thin|heavy light|wet dry|up down|linear exponential|all none|mandatory optional|permanent temporary",
]
  .join("|")
  .split("|")
  .map((pair) => pair.split(" ") as [string, string]);
