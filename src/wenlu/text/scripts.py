"""The characters of the scripts that Chinese and Japanese are written in, as parts of a pattern's brackets."""

HAN = "㐀-䶿一-鿿豈-\ufaff𠀀-𳑟々〆〇"
HIRAGANA = "ぁ-ゖゝ-ゟ"
KATAKANA = "ァ-ヺヽ-ヿㇰ-ㇿｦ-ﾟ"
