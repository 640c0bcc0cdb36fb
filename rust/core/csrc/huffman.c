#include "huffman.h"

#include <string.h>

#if defined(__GNUC__)
#define LIKELY(x) __builtin_expect(!!(x), 1)
#define COLD __attribute__((noinline, cold))
#else
#define LIKELY(x) (x)
#define COLD
#endif

#define MAGNITUDE 0x8000u /* in an entry: the value's bits are yet to be read */
enum { END_OF_BLOCK = 64 };

/* Where the k-th coefficient goes; what lies beyond the block falls on its last place, as in libjpeg. */
static const uint8_t NATURAL[64 + END_OF_BLOCK] = {
    0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,  12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6,
    7,  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46,
    53, 60, 61, 54, 47, 55, 62, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63,
    63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63,
    63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63};

/* The value that `size` bits stand for (ITU T.81, F.12). */
static int extended(uint32_t bits, int size)
{
  return bits < 1u << (size - 1) ? (int)bits - (1 << size) + 1 : (int)bits;
}

/* What a symbol asks for: bits 0-7 the code's length, 8-14 coefficients to advance, 15 MAGNITUDE, 16-31 its size. */
static uint32_t entry_of(int symbol, int length, int is_dc)
{
  int run = symbol >> 4, size = symbol & 15;
  if (is_dc)
    return (uint32_t)length | (size ? MAGNITUDE | (uint32_t)size << 16 : 0);
  if (size)
    return (uint32_t)length | (uint32_t)(run + 1) << 8 | MAGNITUDE | (uint32_t)size << 16;
  return (uint32_t)length | (uint32_t)(run == 15 ? 16 : END_OF_BLOCK) << 8;
}

/*
 * symbols: by the next SYMBOL_BITS bits, the entry of the code that they begin with, 0 where it is longer. If the value's
 * bits are among them too, the length counts them, MAGNITUDE is off, and bits 16-31 are the value.
 */
static int make_symbols(huffman_table *table, int is_dc)
{
  uint32_t code = 0;
  int place = 0;
  memset(table->symbols, 0, sizeof table->symbols);
  for (int length = 1; length <= 16; length++) {
    for (int i = 0; i < table->bits[length]; i++, code++) {
      if (place > 255 || code >= 1u << length)
        return 0;
      uint32_t entry = entry_of(table->values[place++], length, is_dc);
      int rest = SYMBOL_BITS - length;
      for (uint32_t tail = 0; rest >= 0 && tail < 1u << rest; tail++) {
        int size = (int)(entry >> 16);
        uint32_t whole = entry;
        if (size && size <= rest) {
          uint32_t value = (uint32_t)extended(tail >> (rest - size), size);
          whole = ((entry & 0x7fff) + (uint32_t)size) | value << 16;
        }
        table->symbols[(code << rest) + tail] = whole;
      }
    }
    table->limit[length] = code << (16 - length);
    table->offset[length] = place - (int)code;
    code <<= 1;
  }
  return 1;
}

/*
 * runs: by the next RUN_BITS bits, all whole AC symbols they begin with: bits 0-7 their length with values, 8-15 the
 * coefficients to advance before the last of them, 16-23 in all. They are one block's only if that one is still in it.
 */
static void make_runs(huffman_table *table)
{
  for (uint32_t index = 0; index < 1u << RUN_BITS; index++) {
    int used = 0, before = 0, advance = 0;
    while (advance < 63) {
      uint32_t rest = index << used & ((1u << RUN_BITS) - 1);
      uint32_t entry = table->symbols[rest >> (RUN_BITS - SYMBOL_BITS)];
      int length = (int)(entry & 0xff) + (entry & MAGNITUDE ? (int)(entry >> 16) : 0);
      if (length == 0 || used + length > RUN_BITS)
        break;
      used += length;
      before = advance;
      advance += (int)(entry >> 8 & 0x7f);
    }
    table->runs[index] = (uint32_t)used | (uint32_t)before << 8 | (uint32_t)advance << 16;
  }
}

/*
 * pairs: by the next SYMBOL_BITS bits, the two AC symbols they begin with: bits 0-7 the first one's length with its value
 * (0 where that is not among the bits), 8-15 that of both, 16-31 the first value, 32-39 and 40-47 what to advance to the
 * first and on to the second, 48-63 the second value. Where there is no second, the first comes twice.
 */
static void make_pairs(huffman_table *table)
{
  for (uint32_t index = 0; index < 1u << SYMBOL_BITS; index++) {
    uint32_t first = table->symbols[index];
    uint64_t length = first & 0xff, advance = first >> 8 & 0x7f, value = first >> 16;
    table->pairs[index] = 0;
    if (length == 0 || first & MAGNITUDE)
      continue;
    uint64_t both = length, more = 0, next = value;
    if (advance < END_OF_BLOCK) {
      uint32_t second = table->symbols[index << length & ((1u << SYMBOL_BITS) - 1)];
      uint64_t rest = second & 0xff;
      if (rest && !(second & MAGNITUDE) && length + rest <= SYMBOL_BITS) {
        both += rest;
        more = second >> 8 & 0x7f;
        next = second >> 16;
      }
    }
    table->pairs[index] = length | both << 8 | value << 16 | advance << 32 | more << 40 | next << 48;
  }
}

static const huffman_table *table_of(huffman_table *table, const JHUFF_TBL *from, int is_dc)
{
  if (!from)
    return NULL;
  if (table->made && !memcmp(table->bits, from->bits, sizeof table->bits) &&
      !memcmp(table->values, from->huffval, sizeof table->values))
    return table;
  memcpy(table->bits, from->bits, sizeof table->bits);
  memcpy(table->values, from->huffval, sizeof table->values);
  table->made = make_symbols(table, is_dc);
  if (table->made && !is_dc) {
    make_runs(table);
    make_pairs(table);
  }
  return table->made ? table : NULL;
}

static int scaled_size(const jpeg_component_info *component)
{
#if JPEG_LIB_VERSION >= 70
  return component->DCT_h_scaled_size;
#else
  return component->DCT_scaled_size;
#endif
}

int huffman_take_over(huffman *self, j_decompress_ptr jpeg, uint32_t first, uint32_t last,
                      boolean (*decode_mcu)(j_decompress_ptr, JBLOCKROW *))
{
#if !defined(LIBJPEG_TURBO_VERSION_NUMBER) || LIBJPEG_TURBO_VERSION_NUMBER / 1000000 != 3
  return 0;
#endif
  if (jpeg->arith_code || jpeg->progressive_mode || jpeg_has_multiple_scans(jpeg) || jpeg->data_precision != 8 ||
      jpeg->Ss != 0 || jpeg->Se != 63 || jpeg->Ah != 0 || jpeg->Al != 0)
    return 0;
  for (int i = 0; i < jpeg->blocks_in_MCU; i++) {
    huffman_block *block = &self->blocks[i];
    const jpeg_component_info *component = jpeg->cur_comp_info[jpeg->MCU_membership[i]];
    int dc = component->dc_tbl_no, ac = component->ac_tbl_no;
    if (dc < 0 || dc >= NUM_HUFF_TBLS || ac < 0 || ac >= NUM_HUFF_TBLS)
      return 0;
    block->dc = table_of(&self->dc[dc], jpeg->dc_huff_tbl_ptrs[dc], 1);
    block->ac = table_of(&self->ac[ac], jpeg->ac_huff_tbl_ptrs[ac], 0);
    if (!block->dc || !block->ac)
      return 0;
    block->component = jpeg->MCU_membership[i];
    block->wanted = component->component_needed && scaled_size(component) > 1;
  }
  memset(self->predicted, 0, sizeof self->predicted);
  memset(&self->input, 0, sizeof self->input);
  self->input.at = jpeg->src->next_input_byte;
  self->input.end = self->input.at + jpeg->src->bytes_in_buffer;
  self->column = 0;
  self->first = first;
  self->last = last;
  self->restart_in = jpeg->restart_interval;
  self->next_restart = 0;
  jpeg->entropy->decode_mcu = decode_mcu;
  return 1;
}

void huffman_hand_back(const huffman *self, j_decompress_ptr jpeg)
{
  jpeg->src->next_input_byte = self->input.at;
  jpeg->src->bytes_in_buffer = (size_t)(self->input.end - self->input.at);
}

/* Reads byte by byte: drops what is stuffed after 0xff, and goes on with zeros at a marker or the end. */
static COLD huffman_input refilled_slowly(huffman_input in)
{
  while (in.count <= 56) {
    uint64_t byte = 0;
    if (in.at < in.end && *in.at != 0xff) {
      byte = *in.at++;
    } else if (in.end - in.at >= 2 && in.at[1] == 0) {
      byte = 0xff;
      in.at += 2;
    } else {
      in.padding += 8;
    }
    in.bits |= byte << (56 - in.count);
    in.count += 8;
  }
  return in;
}

/* Makes sure of 32 bits at least. */
static inline void refill(huffman_input *in)
{
  if (LIKELY(in->count >= 32))
    return;
  if (LIKELY(in->end - in->at >= 8)) {
    const uint8_t *p = in->at;
    uint64_t next = (uint64_t)p[0] << 56 | (uint64_t)p[1] << 48 | (uint64_t)p[2] << 40 | (uint64_t)p[3] << 32 |
                    (uint64_t)p[4] << 24 | (uint64_t)p[5] << 16 | (uint64_t)p[6] << 8 | (uint64_t)p[7];
    if (LIKELY(!((~next - 0x0101010101010101u) & next & 0x8080808080808080u))) { /* no byte is 0xff */
      int bytes = (63 - in->count) >> 3;
      /* Bits of one more byte may come along; they are the same when that byte is read again. */
      in->bits |= next >> in->count;
      in->at += bytes;
      in->count += 8 * bytes;
      return;
    }
  }
  *in = refilled_slowly(*in);
}

static inline void drop(huffman_input *in, int bits)
{
  in->bits <<= bits;
  in->count -= bits;
}

/* The entry of a code of more than SYMBOL_BITS bits; 0 if there is no such code. */
static COLD uint32_t long_entry(uint64_t bits, const huffman_table *table, int is_dc)
{
  uint32_t top = (uint32_t)(bits >> 48);
  for (int length = SYMBOL_BITS + 1; length <= 16; length++)
    if (top < table->limit[length]) {
      int32_t place = (int32_t)(top >> (16 - length)) + table->offset[length];
      return place >= 0 && place < 256 ? entry_of(table->values[place], length, is_dc) : 0;
    }
  return 0;
}

/* Decodes a symbol and its value, 31 bits at most, which must be there; gives how far to advance, or -1. */
static inline int take(huffman_input *in, const huffman_table *table, int is_dc, int *value)
{
  uint32_t entry = table->symbols[in->bits >> (64 - SYMBOL_BITS)];
  if (!LIKELY(entry)) {
    entry = long_entry(in->bits, table, is_dc);
    if (!entry)
      return -1;
  }
  drop(in, (int)(entry & 0xff));
  if (entry & MAGNITUDE) {
    int size = (int)(entry >> 16);
    *value = extended((uint32_t)(in->bits >> (64 - size)), size);
    drop(in, size);
  } else {
    *value = (int16_t)(entry >> 16);
  }
  return (int)(entry >> 8 & 0x7f);
}

/* Stores the AC coefficients of a block; says whether all codes were good. */
static inline int take_block(huffman_input *in, const huffman_table *table, JCOEF *block)
{
  for (int k = 0; k < 63;) {
    refill(in);
    uint64_t pair = table->pairs[in->bits >> (64 - SYMBOL_BITS)];
    int next = k + (int)(pair >> 32 & 0xff);
    /* A block's end that comes first goes below: the processor foresees it better there (a tenth of the whole time). */
    if (LIKELY((pair & 0xff) && next < 63)) {
      drop(in, (int)(pair >> 8 & 0xff));
      k = next + (int)(pair >> 40 & 0xff);
      block[NATURAL[next]] = (JCOEF)(pair >> 16);
      block[NATURAL[k]] = (JCOEF)(pair >> 48); /* the end of the block stores a zero where one is */
    } else {
      int value = 0, advance = take(in, table, 0, &value);
      if (advance < 0)
        return 0;
      k += advance;
      block[NATURAL[k]] = (JCOEF)value;
    }
  }
  return 1;
}

static inline int skip_block(huffman_input *in, const huffman_table *table)
{
  for (int k = 0; k < 63;) {
    refill(in);
    uint32_t run = table->runs[in->bits >> (64 - RUN_BITS)];
    if (LIKELY((run & 0xff) && k + (int)(run >> 8 & 0xff) < 63)) {
      drop(in, (int)(run & 0xff));
      k += (int)(run >> 16);
    } else {
      int value = 0, advance = take(in, table, 0, &value);
      if (advance < 0)
        return 0;
      k += advance;
    }
  }
  return 1;
}

/* Goes past the restart marker that must come now; says whether it did. */
static int restarted(huffman *self, const j_decompress_ptr jpeg)
{
  huffman_input *in = &self->input;
  if (in->count - in->padding >= 8 || in->end - in->at < 2 || in->at[0] != 0xff ||
      in->at[1] != JPEG_RST0 + self->next_restart)
    return 0;
  in->at += 2;
  in->bits = 0;
  in->count = in->padding = 0;
  self->restart_in = jpeg->restart_interval;
  self->next_restart = (self->next_restart + 1) & 7;
  memset(self->predicted, 0, sizeof self->predicted);
  return 1;
}

int huffman_decode(huffman *self, j_decompress_ptr jpeg, JBLOCKROW *blocks)
{
  if (jpeg->restart_interval) {
    if (self->restart_in == 0 && !restarted(self, jpeg))
      return 0;
    self->restart_in--;
  }
  int seen = blocks && self->column >= self->first && self->column <= self->last;
  if (++self->column == jpeg->MCUs_per_row)
    self->column = 0;
  huffman_input in = self->input; /* a copy, whose members can be registers */
  for (int i = 0; i < jpeg->blocks_in_MCU; i++) {
    const huffman_block *block = &self->blocks[i];
    int difference = 0;
    refill(&in);
    if (take(&in, block->dc, 1, &difference) < 0)
      return 0;
    uint32_t dc = self->predicted[block->component] += (uint32_t)difference;
    if (seen)
      (*blocks[i])[0] = (JCOEF)dc;
    if (!(seen && block->wanted ? take_block(&in, block->ac, *blocks[i]) : skip_block(&in, block->ac)))
      return 0;
  }
  self->input = in;
  return in.padding <= in.count;
}
