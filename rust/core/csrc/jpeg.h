/*
 * What the files of the door to libjpeg share; `image/jpeg/shim.rs` and `image/jpeg/huffman/door.rs` have the same.
 */
#ifndef IMPASTO_JPEG_H
#define IMPASTO_JPEG_H

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <jpeglib.h>

/* libjpeg's private header has more members; these have been first since libjpeg 6. */
struct jpeg_entropy_decoder {
  void (*start_pass)(j_decompress_ptr);
  boolean (*decode_mcu)(j_decompress_ptr, JBLOCKROW *);
};

struct jpeg_d_post_controller {
  void (*start_pass)(j_decompress_ptr, int);
  void (*post_process_data)(j_decompress_ptr, JSAMPIMAGE, JDIMENSION *, JDIMENSION, JSAMPARRAY, JDIMENSION *,
                            JDIMENSION);
};

/* A scan as our own Huffman decoder sees it, and what it is called by. */
typedef struct {
  const JHUFF_TBL *dc, *ac; /* null, or the tables */
  uint32_t dc_table, ac_table; /* their numbers */
  uint32_t component;
  uint32_t wanted; /* whether its AC coefficients are looked at at all */
} huffman_block;

typedef struct {
  const uint8_t *data;
  size_t length;
  uint32_t columns, first, last; /* MCUs in a row, and those whose coefficients are wanted */
  uint32_t restart_interval, count;
  huffman_block blocks[D_MAX_BLOCKS_IN_MCU];
} huffman_scan;

typedef struct {
  int (*begin)(void *, const huffman_scan *);     /* says whether the tables are good */
  int (*decode)(void *, JBLOCKROW *);             /* one MCU; says whether the data was in order; may be null */
  int (*settle)(void *);                          /* goes past what was not wanted; says the same of it */
  size_t (*left)(const void *);                   /* bytes that were not read */
} huffman_calls;

/* Where a plane's samples go: `rows` of them, the first being `first`, each of `width` samples from the `left`th on. */
typedef struct {
  uint8_t *out;
  uint32_t left, width; /* counted from the first that is decoded */
  uint32_t first, rows;
} impasto_jpeg_plane;

enum { OK = 0, BROKEN = 1, TRUNCATED = 2, TOO_MANY_SCANS = 3, UNSUPPORTED = 4, AGAIN = 5 };

typedef struct {
  struct jpeg_decompress_struct jpeg; /* first: libjpeg hands it back and we cast */
  struct jpeg_error_mgr errors;
  struct jpeg_progress_mgr progress;
  jmp_buf jump;
  int max_scans;
  char message[JMSG_LENGTH_MAX];
  int quick;       /* whether our own Huffman decoder may be used */
  int keep, cut;   /* whether data that end early are taken as they are; whether they did */
  int warned;      /* whether anything was wrong with what was read */
  int past_pixels; /* whether all rows are read */
  const huffman_calls *calls;
  void *huffman;
  /* To start again by libjpeg's alone. */
  const uint8_t *bytes;
  size_t length;
  uint32_t left, width;
  uint32_t planes; /* how many are taken as they are decoded; 0 where rows of colors are made of them */
  const impasto_jpeg_plane *plane; /* where they go; null while they are passed over */
} impasto_jpeg;

typedef struct {
  uint32_t width, height, components, bits, progressive;
} impasto_jpeg_header;

typedef struct {
  uint32_t left, width; /* in: wanted columns of the scaled image; out: the columns that rows will hold */
  uint32_t full_width, full_height, channels; /* out: the scaled image's size */
  uint32_t planes; /* in: whether they are wanted; out: how many there are, or 0 where there will be rows of colors */
  uint32_t rgb; /* out: whether planes are of red, green and blue, not of luma and chroma */
  uint32_t pixels_across, pixels_down; /* out: of the scaled image, a sample of chroma */
} impasto_jpeg_columns;

static inline uint32_t impasto_scaled_size(const jpeg_component_info *component)
{
#if JPEG_LIB_VERSION >= 70
  return (uint32_t)component->DCT_h_scaled_size;
#else
  return (uint32_t)component->DCT_scaled_size;
#endif
}

/* Rows of the scaled image that a row of MCUs makes. */
static inline uint32_t impasto_mcu_rows(const struct jpeg_decompress_struct *jpeg)
{
#if JPEG_LIB_VERSION >= 70
  return (uint32_t)(jpeg->max_v_samp_factor * jpeg->min_DCT_v_scaled_size);
#else
  return (uint32_t)(jpeg->max_v_samp_factor * jpeg->min_DCT_scaled_size);
#endif
}

/* jpeg_planes.c: before and after jpeg_start_decompress, in place of skipping and reading rows, and of its last row. */
void impasto_want_planes(impasto_jpeg *handle, int wanted);
void impasto_begin_planes(impasto_jpeg *handle, impasto_jpeg_columns *columns);
void impasto_read_planes(impasto_jpeg *handle, uint32_t skip, uint32_t count);
void impasto_pass_planes(impasto_jpeg *handle);

#endif
