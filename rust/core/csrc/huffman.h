/*
 * Baseline Huffman decoding, faster than libjpeg-turbo's, in its place.
 *
 * Half of the time of a decoded crop goes into its entropy-coded data, all of it from the first row to the crop's last.
 * libjpeg asks one function for each MCU (`jpeg->entropy->decode_mcu`); ours looks code, run and value up at once, and
 * takes several symbols a look-up where nobody wants the coefficients: left, right and above of the crop. It gives the
 * same coefficients, bit for bit. Whatever is out of order in the data makes it give up, and the image is then decoded
 * again by libjpeg, whose judgement of broken data stays the only one.
 */
#ifndef IMPASTO_HUFFMAN_H
#define IMPASTO_HUFFMAN_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <jpeglib.h>

/* libjpeg's private header has more members; these two have been first since libjpeg 6. */
struct jpeg_entropy_decoder {
  void (*start_pass)(j_decompress_ptr);
  boolean (*decode_mcu)(j_decompress_ptr, JBLOCKROW *);
};

enum { SYMBOL_BITS = 10, RUN_BITS = 11 };

/* What a Huffman table becomes. Entries are described where they are made. */
typedef struct {
  int made;
  UINT8 bits[17], values[256]; /* the table it was made from: most files use the same four */
  uint32_t symbols[1 << SYMBOL_BITS];
  uint32_t runs[1 << RUN_BITS];
  uint64_t pairs[1 << SYMBOL_BITS];
  uint32_t limit[17]; /* past the last code of each length, moved to the top of 16 bits */
  int32_t offset[17]; /* from a code of each length to its place in `values` */
} huffman_table;

/* One block of an MCU. */
typedef struct {
  const huffman_table *dc, *ac;
  int component;
  int wanted; /* whether its AC coefficients are looked at at all */
} huffman_block;

/* The entropy-coded data. */
typedef struct {
  const uint8_t *at, *end; /* what has not been read */
  uint64_t bits;           /* what has been read and not decoded, from the top */
  int count, padding;      /* how many bits that are; how many of them are zeros read after the data's end */
} huffman_input;

typedef struct {
  huffman_table dc[NUM_HUFF_TBLS], ac[NUM_HUFF_TBLS];
  huffman_block blocks[D_MAX_BLOCKS_IN_MCU];
  uint32_t predicted[MAX_COMPS_IN_SCAN];
  huffman_input input;
  uint32_t column, first, last; /* the next MCU's column, and those whose coefficients are wanted */
  uint32_t restart_in;
  int next_restart;
} huffman;

/*
 * Takes over from libjpeg, after jpeg_start_decompress and jpeg_crop_scanline, if the image is of a kind it can decode;
 * says whether it did. `first` to `last` are the MCU columns whose coefficients are wanted. libjpeg will call
 * `decode_mcu`, which should call huffman_decode; `self` must stay where it is until then.
 */
int huffman_take_over(huffman *self, j_decompress_ptr jpeg, uint32_t first, uint32_t last,
                      boolean (*decode_mcu)(j_decompress_ptr, JBLOCKROW *));

/* After the last MCU: libjpeg reads on where the scan's data end. Bytes looked ahead hold no marker, so none is lost. */
void huffman_hand_back(const huffman *self, j_decompress_ptr jpeg);

/* Decodes one MCU; says whether the data was in order. `blocks` may be null. */
int huffman_decode(huffman *self, j_decompress_ptr jpeg, JBLOCKROW *blocks);

#endif
