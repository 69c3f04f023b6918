"""A small random-weight model in a GGUF file: a real engine can load it, and nothing has to be downloaded.

It has one token per byte, so that any text can be tokenized, and one small layer; on request also tokens for the words
of a text, so that it counts source text about as real models do. It talks nonsense, the same nonsense for the same
prompt: good for caching, streaming and usage, not for quality. Not here: the engine.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float32]

CONTEXT = 32_768
"""Tokens the model claims to have been made for."""
END = "<|im_end|>"
_SPECIALS = ("<|endoftext|>", "<|im_start|>", END)
_FILLING = {
    "fim_pre": "<|fim_prefix|>",
    "fim_suf": "<|fim_suffix|>",
    "fim_mid": "<|fim_middle|>",
    "fim_rep": "<|repo_name|>",
    "fim_sep": "<|file_sep|>",
}
"""The special tokens of fill-in-the-middle, by what the file's format calls them."""
_CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
_WIDTH = 32
_MOST_WORDS = 2_000
_HIDDEN = 64
_BIAS = 8.0
"""What the first channel of every token holds: nothing writes to it, so it works as a bias of the output."""
_BIAS_AT_END = 3.0
_NEVER = -30.0
_SHARPNESS = 3.0
"""Of the attention. Were it even, the prompt would be averaged away and every prompt would get the same answer."""


def write_tiny_model(
    path: Path, *, seed: int = 1, end_logit: float = 0.0, words_of: str = "", fills: bool = False
) -> Path:
    """Write the model, about 0.2 MB, in well under a second; the same bytes for the same arguments.

    Args:
        path: Of the file, which is overwritten.
        seed: Of the weights.
        end_logit: How readily an answer ends by itself; at 0 after some hundred tokens, at -9 hardly ever.
        words_of: A text whose most frequent words are to be tokens.
        fills: Whether it has the tokens that fill-in-the-middle needs.
    """
    byte_tokens = _byte_tokens()
    blank = byte_tokens[ord(" ")]
    # llama.cpp refuses a tokenizer without merges; runs of blanks are the ones that source text has most of.
    merges = [(blank * run, blank * run) for run in (1, 2, 4)]
    merges += [pair for pair in _word_merges(words_of, blank) if pair not in merges]
    vocabulary = [*byte_tokens, *(left + right for left, right in merges), *_SPECIALS]
    vocabulary += _FILLING.values() if fills else ()
    writer = gguf.GGUFWriter(str(path), "llama")
    _describe(writer, vocabulary, merges)
    for name, matrix in _tensors(vocabulary, seed, end_logit).items():
        writer.add_tensor(name, matrix)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _byte_tokens() -> list[str]:
    """A printable character for each byte, as byte-level BPE names them: its own where it has one."""
    own = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = iter(range(0x100, 0x200))
    return [chr(byte) if byte in own else chr(next(others)) for byte in range(256)]


def _word_merges(text: str, blank: str) -> list[tuple[str, str]]:
    """Merges that make tokens of a text's frequent words, each grown letter by letter from its start."""
    words = Counter(re.findall(r" ?(?:[A-Za-z]{2,}|[!-/:-@\[-`{-~]{2,})", text)).most_common(_MOST_WORDS)
    spelled = [word.replace(" ", blank) for word, _ in words]
    return list(dict.fromkeys((word[:end], word[end]) for word in spelled for end in range(1, len(word))))


def _describe(writer: Any, vocabulary: list[str], merges: list[tuple[str, str]]) -> None:
    kinds = [gguf.TokenType.CONTROL if _is_special(token) else gguf.TokenType.NORMAL for token in vocabulary]
    writer.add_name("tiny-random")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(_WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(_HIDDEN)
    writer.add_head_count(1)
    writer.add_head_count_kv(1)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(_WIDTH)
    writer.add_rope_freq_base(500_000.0)
    writer.add_vocab_size(len(vocabulary))
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(vocabulary)
    writer.add_token_types(kinds)
    writer.add_token_merges([f"{left} {right}" for left, right in merges])
    writer.add_bos_token_id(vocabulary.index(_SPECIALS[0]))
    writer.add_eos_token_id(vocabulary.index(END))
    for name, token in _FILLING.items():
        if token in vocabulary:
            writer.add_uint32(f"tokenizer.ggml.{name}_token_id", vocabulary.index(token))
    writer.add_add_bos_token(False)
    writer.add_add_space_prefix(False)
    writer.add_chat_template(_CHAT_TEMPLATE)


def _tensors(vocabulary: list[str], seed: int, end_logit: float) -> dict[str, Matrix]:
    random = np.random.default_rng(seed)

    def matrix(rows: int, columns: int, spread: float) -> Matrix:
        return (random.standard_normal((rows, columns)) * spread).astype(np.float32)

    def apart(weights: Matrix, *, reads: bool) -> Matrix:
        """The bias channel is not written to, and the attention does not read it."""
        weights[slice(None) if reads else 0, 0 if reads else slice(None)] = 0.0
        return weights

    ones = np.ones(_WIDTH, np.float32)
    even = _WIDTH**-0.5
    embedding = matrix(len(vocabulary), _WIDTH, 1.0)
    embedding[:, 0] = _BIAS
    output = matrix(len(vocabulary), _WIDTH, 2.5 * even)
    # What the last norm leaves of the bias channel, roughly; the attention has made the other channels louder.
    output[:, 0] = np.array([_wish(token, end_logit) for token in vocabulary], np.float32) / _BIAS_AT_END
    block = "blk.0."
    return {
        "token_embd.weight": embedding,
        block + "attn_norm.weight": ones,
        block + "attn_q.weight": apart(matrix(_WIDTH, _WIDTH, _SHARPNESS * even), reads=True),
        block + "attn_k.weight": apart(matrix(_WIDTH, _WIDTH, _SHARPNESS * even), reads=True),
        block + "attn_v.weight": apart(matrix(_WIDTH, _WIDTH, 3.0 * even), reads=True),
        block + "attn_output.weight": apart(matrix(_WIDTH, _WIDTH, even), reads=False),
        block + "ffn_norm.weight": ones,
        block + "ffn_gate.weight": matrix(_HIDDEN, _WIDTH, even),
        block + "ffn_up.weight": matrix(_HIDDEN, _WIDTH, even),
        block + "ffn_down.weight": apart(matrix(_WIDTH, _HIDDEN, _HIDDEN**-0.5), reads=False),
        "output_norm.weight": ones,
        "output.weight": output,
    }


def _wish(token: str, end_logit: float) -> float:
    """How much the model likes a token from the start: printable ones only, so that its answers can be read."""
    if _is_special(token):
        return end_logit if token == END else _NEVER
    if set(token) == {"\u0120"}:  # runs of blanks, as byte-level BPE names the blank
        return 1.0 if len(token) == 1 else _NEVER
    return 0.0 if len(token) == 1 and "!" <= token <= "~" else _NEVER


def _is_special(token: str) -> bool:
    return token in _SPECIALS or token in _FILLING.values()
