"""Every word of an examination, in every language: a row can't be written without one of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from wenlu.drawing.words import Words

Language = Literal["en", "zh", "ja"]


class Said(NamedTuple):
    """The same in English, Chinese and Japanese, with the same places to fill in."""

    en: str
    zh: str
    ja: str


ROWS: Mapping[str, Said] = {
    # the page
    "page.title": Said("{model} on {data}", "{model} 在 {data} 上的评估", "{data} での {model} の評価"),
    "page.kind": Said("Wenlu evaluation", "文炉评估报告", "Wenlu 評価レポート"),
    "page.state.good": Said("Nothing stands out", "未发现薄弱处", "目立つ弱点なし"),
    "page.state.mind": Said("Has weak places", "有薄弱处", "弱点あり"),
    "page.sentence": Said(
        "{accuracy} of {texts} texts are answered right (95 % interval {interval}).",
        "{texts} 条文本中答对 {accuracy}（95 % 置信区间 {interval}）。",
        "{texts} 件のテキストのうち {accuracy} が正答です（95 % 信頼区間 {interval}）。",
    ),
    "page.note": Said("Judged on {data}.", "评估数据：{data}。", "評価データ：{data}。"),
    "page.few": Said(
        "These are so few that all intervals but that of accuracy are too narrow.",
        "文本过少，除准确率外，其余区间都偏窄。",
        "件数が少なすぎるため、正答率以外の区間は狭すぎます。",
    ),
    "page.left_out": Said(
        "{number} more could not be read ({reason}).",
        "另有 {number} 条无法读取（{reason}）。",
        "ほかに {number} 件が読めませんでした（{reason}）。",
    ),
    "figure.accuracy": Said("Answered right", "准确率", "正答率"),
    "figure.accuracy.note": Said("95 % interval {interval}", "95 % 置信区间 {interval}", "95 % 信頼区間 {interval}"),
    "figure.macro_f1": Said("Macro F1", "宏平均 F1", "マクロ F1"),
    "figure.macro_f1.note": Said("95 % interval {interval}", "95 % 置信区间 {interval}", "95 % 信頼区間 {interval}"),
    "figure.error": Said("Calibration error", "校准误差", "較正誤差"),
    "figure.error.note": Said(
        "how far probability and share of right answers lie apart",
        "概率与实际答对比例的平均差距",
        "確率と実際の正答の割合との平均の隔たり",
    ),
    # what stands out
    "section.stands_out": Said("What stands out", "要点", "要点"),
    "section.stands_out.note": Said(
        "Weak places first, each beyond what chance explains.",
        "先列薄弱处，均已排除偶然因素。",
        "弱点から順に。いずれも偶然では説明できません。",
    ),
    "stands_out.slice": Said(
        "{kind} “{name}”: {accuracy} of {texts} texts are right, {rest} of all others.",
        "{kind}“{name}”：{texts} 条中答对 {accuracy}，其余文本为 {rest}。",
        "{kind}「{name}」：{texts} 件中 {accuracy} が正答、その他は {rest}。",
    ),
    "stands_out.no_slice": Said(
        "No kind of text is clearly worse than the rest.",
        "没有哪一类文本明显差于其余文本。",
        "ほかより明らかに悪い種類のテキストはありません。",
    ),
    "stands_out.fragile": Said(
        "{name}: {changed} of the answers change.",
        "{name}：{changed} 的答案改变。",
        "{name}：{changed} の答えが変わります。",
    ),
    "stands_out.calibration": Said(
        "Probability and share of right answers lie {error} apart; without the temperature it would be {before}.",
        "概率与答对比例平均相差 {error}；不用温度时为 {before}。",
        "確率と正答の割合は平均 {error} 隔たり、温度なしでは {before} です。",
    ),
    "stands_out.comparison": Said(
        "Its lead over {against} is {lead} percentage points (95 % interval {low} to {high}); the two differ "
        "(p = {p_value}).",
        "与 {against} 相差 {lead} 个百分点（95 % 置信区间 {low} 至 {high}）；两者有显著差异（p = {p_value}）。",
        "{against} との差は {lead} ポイント（95 % 信頼区間 {low} ～ {high}）で、両者は異なります（p = {p_value}）。",
    ),
    "stands_out.no_difference": Said(
        "Its lead over {against} is {lead} percentage points (95 % interval {low} to {high}); the two are not "
        "distinguishable on these texts (p = {p_value}).",
        "与 {against} 相差 {lead} 个百分点（95 % 置信区间 {low} 至 {high}）；两者在此无法区分（p = {p_value}）。",
        "{against} との差は {lead} ポイント（95 % 信頼区間 {low} ～ {high}）で、このテキストでは両者を区別できません"
        "（p = {p_value}）。",
    ),
    # labels
    "section.labels": Said("Labels", "各类别", "ラベル別"),
    "section.labels.note": Said(
        "Which labels are found, with 95 % of F1.",
        "各类别的识别情况及 F1 的 95 % 区间。",
        "ラベルごとの結果と F1 の 95 % 区間。",
    ),
    "labels.label": Said("Label", "类别", "ラベル"),
    "labels.precision": Said("Precision", "精确率", "適合率"),
    "labels.recall": Said("Recall", "召回率", "再現率"),
    "labels.f1": Said("F1", "F1", "F1"),
    "labels.interval": Said("95 %", "95 % 区间", "95 % 区間"),
    "labels.support": Said("Texts", "文本数", "件数"),
    "confusion": Said("Truth and answer", "真实类别与答案", "正解と答え"),
    "confusion.note": Said(
        "Rows are the true label, columns the answer. Colour is the share of the row.",
        "行为真实类别，列为答案；颜色为该行中的比例。",
        "行が正解、列が答え。色は行の中の割合です。",
    ),
    "confusion.corner": Said("truth ↓ answer →", "真实 ↓ 答案 →", "正解 ↓ 答え →"),
    # ranking
    "section.ranking": Said("Ranking", "排序能力", "順位づけ"),
    "section.ranking.note": Said(
        "How well probability puts a label's texts before all others, wherever the line is drawn.",
        "不论阈值取在哪里，概率能否把该类文本排在其他文本之前。",
        "しきい値をどこに置いても、確率がそのラベルのテキストを先に並べるか。",
    ),
    "ranking.roc": Said("ROC: wrongly taken and found", "ROC：误报率与召回率", "ROC：偽陽性率と再現率"),
    "ranking.pr": Said("Recall and precision", "召回率与精确率", "再現率と適合率"),
    "ranking.weakest": Said(
        "Drawn are the labels with the lowest average precision: {labels}.",
        "图中为平均精确率最低的类别：{labels}。",
        "図は平均適合率が最も低いラベルです：{labels}。",
    ),
    "ranking.label": Said("Label", "类别", "ラベル"),
    "ranking.roc_auc": Said("ROC AUC", "ROC AUC", "ROC AUC"),
    "ranking.average_precision": Said("Average precision", "平均精确率", "平均適合率"),
    "ranking.interval": Said("95 %", "95 % 区间", "95 % 区間"),
    "ranking.mean": Said("Mean", "平均", "平均"),
    # calibration
    "section.calibration": Said("Calibration", "校准", "較正"),
    "section.calibration.note": Said(
        "Of answers with a probability of 80 %, 80 % should be right: dots on the line.",
        "概率为 80 % 的答案应有 80 % 正确，即点落在对角线上。",
        "確率 80 % の答えは 80 % が正しいはずで、点が対角線に乗ります。",
    ),
    "calibration.spoken": Said("Share of right answers by probability", "各概率下的答对比例", "確率ごとの正答の割合"),
    "calibration.axes": Said(
        "Across: probability of the answer. Up: share that is right.",
        "横轴：答案的概率；纵轴：答对的比例。",
        "横軸：答えの確率、縦軸：正答の割合。",
    ),
    "calibration.error": Said("Expected calibration error", "期望校准误差", "期待較正誤差"),
    "calibration.before": Said("Without temperature", "不用温度时", "温度なし"),
    "calibration.temperature": Said(
        "Temperature, fitted on validation", "温度（在验证集上拟合）", "温度（検証データで調整）"
    ),
    # abstaining
    "section.answered": Said("Answering only what is sure", "只答有把握的", "確かなものだけ答える"),
    "section.answered.note": Said(
        "How much is answered if less probable answers are left to a person, and how much of it is right.",
        "若把概率较低的交给人处理：还答多少，其中多少正确。",
        "確率の低いものを人に任せると、どれだけ答え、そのうちどれだけ正しいか。",
    ),
    "answered.threshold": Said("Probability at least", "概率不低于", "確率の下限"),
    "answered.share": Said("Answered", "作答比例", "回答する割合"),
    "answered.texts": Said("Texts", "文本数", "件数"),
    "answered.accuracy": Said("Right of these", "其中正确", "そのうち正答"),
    "answered.interval": Said("95 %", "95 % 区间", "95 % 区間"),
    # slices
    "section.slices": Said("Slices", "分组", "グループ別"),
    "section.slices.note": Said(
        "Kinds of texts, each beside all others. One text may be in several.",
        "各类文本与其余文本的对比；同一文本可属于多组。",
        "種類ごとに、その他のテキストと比べます。一つのテキストが複数に入ることもあります。",
    ),
    "slices.kind": Said("Kind", "分组", "種類"),
    "slices.name": Said("Texts that are", "文本", "テキスト"),
    "slices.texts": Said("Texts", "文本数", "件数"),
    "slices.accuracy": Said("Right", "答对", "正答"),
    "slices.interval": Said("95 %", "95 % 区间", "95 % 区間"),
    "slices.rest": Said("All others", "其余", "その他"),
    "slices.worse": Said("clearly worse", "明显较差", "明らかに悪い"),
    "slice.length": Said("Length in characters", "字数", "文字数"),
    "slice.script": Said("Script", "文字", "文字の種類"),
    "slice.source": Said("Source", "来源", "出所"),
    "slice.rare_labels": Said("Rare labels", "少见类别", "まれなラベル"),
    "slice.unknown": Said("Unknown words, at least", "未登录词不少于", "未知語の割合の下限"),
    "script.zh-Hans": Said("simplified Chinese", "简体中文", "簡体字中国語"),
    "script.zh-Hant": Said("traditional Chinese", "繁体中文", "繁体字中国語"),
    "script.ja": Said("Japanese", "日文", "日本語"),
    "script.han": Said("Chinese characters of no one script", "简繁日通用汉字", "字体を区別できない漢字"),
    "script.other": Said("other letters, or none", "其他文字或无文字", "ほかの文字、または文字なし"),
    "script.latin": Said("a fifth Latin letters, or more", "拉丁字母占五分之一以上", "ラテン文字が 5 分の 1 以上"),
    "script.katakana": Said("three tenths katakana, or more", "片假名占十分之三以上", "カタカナが 10 分の 3 以上"),
    # robustness
    "section.robustness": Said("Robustness", "稳健性", "頑健性"),
    "section.robustness.note": Said(
        "The same texts typed otherwise. A person reads the same in them, so answers should not change.",
        "同样的文本换一种写法；人读来并无不同，答案也不应改变。",
        "同じテキストを別の打ち方で。人には同じに読めるので、答えも変わらないはずです。",
    ),
    "robustness.sample": Said(
        "{sample} of {texts} texts were asked again.",
        "重新询问了 {texts} 条中的 {sample} 条。",
        "{texts} 件のうち {sample} 件を改めて尋ねました。",
    ),
    "robustness.name": Said("What changed", "改动", "変更"),
    "robustness.texts": Said("Texts", "文本数", "件数"),
    "robustness.changed": Said("Other answers", "答案改变", "答えの変化"),
    "robustness.changed_interval": Said("95 %", "95 % 区间", "95 % 区間"),
    "robustness.before": Said("Right before", "改动前答对", "変更前の正答"),
    "robustness.accuracy": Said("Right then", "改动后答对", "変更後の正答"),
    "robustness.accuracy_interval": Said("95 %", "95 % 区间", "95 % 区間"),
    "disturbance.width": Said("Full width ↔ half width", "全角 ↔ 半角", "全角 ↔ 半角"),
    "disturbance.script": Said("Simplified ↔ traditional", "简体 ↔ 繁体", "簡体字 ↔ 繁体字"),
    "disturbance.kana": Said("Hiragana ↔ katakana", "平假名 ↔ 片假名", "ひらがな ↔ カタカナ"),
    "disturbance.typos": Said("Slips of the fingers", "输入错误", "打ち間違い"),
    "disturbance.punctuation": Said("Without punctuation", "去掉标点", "句読点なし"),
    # the surest mistakes
    "section.hardest": Said("Confidently wrong", "确信却答错", "自信のある誤り"),
    "section.hardest.note": Said(
        "The surest mistakes. Often the label is wrong, or the text belongs to both.",
        "最有把握的错误；常是标注有误，或文本兼属两类。",
        "最も自信のある誤り。ラベルの誤りや、両方に属するテキストのことが多くあります。",
    ),
    "hardest.answer": Said("answered", "答案", "答え"),
    "hardest.truth": Said("labelled", "标注", "ラベル"),
}

WORDS: Mapping[Language, Words] = {
    "en": Words({key: said.en for key, said in ROWS.items()}),
    "zh": Words({key: said.zh for key, said in ROWS.items()}),
    "ja": Words({key: said.ja for key, said in ROWS.items()}),
}
