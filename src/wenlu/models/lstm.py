"""Long short-term memory, read in one direction."""

from __future__ import annotations

from torch import Tensor, nn

from wenlu.base.spec import Field, Spec


class Lstm(nn.Module):
    """Ids in, one logit per label out, from the state at the last real id of each row.

    Hochreiter and Schmidhuber 1997; dropout between layers only, as Zaremba et al. 2014.
    B rows, T ids, E embedding, H hidden, C labels.
    """

    task = "classify"

    class Config(Spec):
        embedding: int = Field(128, ge=1, le=4096, description="Size of a token vector")
        hidden: int = Field(128, ge=1, le=4096, description="Size of the state of a layer")
        layers: int = Field(2, ge=1, le=8, description="Layers, one above the other")
        dropout: float = Field(0.5, ge=0, lt=1, description="Share of activations dropped while training")

    def __init__(self, config: Config, *, vocabulary_size: int, labels: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, config.embedding)
        between = config.dropout if config.layers > 1 else 0.0
        nn.init.normal_(self.embedding.weight, std=0.1)
        self.layers = nn.LSTM(config.embedding, config.hidden, config.layers, batch_first=True, dropout=between)
        self.dropout = nn.Dropout(config.dropout)
        self.output = nn.Linear(config.hidden, labels)

    def forward(self, tokens_BT: Tensor, lengths_B: Tensor) -> Tensor:
        states_BTH, _ = self.layers(self.dropout(self.embedding(tokens_BT)))
        # It reads left to right, so padding behind the last real id can't have touched the state there.
        last_B1H = (lengths_B - 1).view(-1, 1, 1).expand(-1, 1, states_BTH.size(2))
        last_BH = states_BTH.gather(1, last_B1H).squeeze(1)
        logits_BC: Tensor = self.output(self.dropout(last_BH))
        return logits_BC
