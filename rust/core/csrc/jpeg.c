/*
 * A narrow door to libjpeg (libjpeg-turbo's): open, start, rows, close.
 *
 * libjpeg reports errors by calling error_exit, which must not return, so every entry point here sets a jump target
 * before it calls in, and returns a status. No jump ever crosses a Rust frame. The handle is made once per thread and
 * used for many images. libjpeg's object is not: jpeg_abort_decompress would leave it the last file's tables, by which
 * the next file that brings none of its own would be decoded. It lives from open to close, which costs 0.3 us.
 */
#include <stdlib.h>

#include "jpeg.h"

#include <jerror.h>

static int status_of(int code)
{
  switch (code) {
  case JERR_SOF_UNSUPPORTED:
  case JERR_FRACT_SAMPLE_NOTIMPL:
  case JERR_CCIR601_NOTIMPL:
  case JERR_CONVERSION_NOTIMPL:
  case JERR_BAD_PRECISION:
  case JERR_BAD_J_COLORSPACE:
  case JERR_NOT_COMPILED:
    return UNSUPPORTED;
  default:
    return BROKEN;
  }
}

static void leave(impasto_jpeg *handle, int status)
{
  handle->jpeg.err->format_message((j_common_ptr)&handle->jpeg, handle->message);
  longjmp(handle->jump, status);
}

static void on_error(j_common_ptr common)
{
  leave((impasto_jpeg *)common, status_of(common->err->msg_code));
}

/*
 * Corrupt data inside a scan is a warning and stays one, as in Pillow. Data that end before the last pixel are an error,
 * or kept as far as they go: libjpeg makes the rest gray.
 */
static void on_message(j_common_ptr common, int level)
{
  impasto_jpeg *handle = (impasto_jpeg *)common;
  if (level >= 0)
    return;
  handle->warned = 1;
  if (common->err->msg_code != JWRN_JPEG_EOF || handle->past_pixels)
    return;
  if (!handle->keep)
    leave(handle, TRUNCATED);
  handle->cut = 1;
}

static void on_progress(j_common_ptr common)
{
  impasto_jpeg *handle = (impasto_jpeg *)common;
  if (common->is_decompressor && handle->jpeg.input_scan_number > handle->max_scans)
    longjmp(handle->jump, TOO_MANY_SCANS);
}

static boolean decode_mcu(j_decompress_ptr jpeg, JBLOCKROW *blocks)
{
  impasto_jpeg *handle = (impasto_jpeg *)jpeg;
  if (!handle->calls->decode(handle->huffman, blocks))
    longjmp(handle->jump, AGAIN);
  return TRUE;
}

/*
 * Has our own Huffman decoder take over from libjpeg's, after jpeg_start_decompress and jpeg_crop_scanline, if the image
 * is of a kind that it can decode. `first` to `last` are the MCU columns whose coefficients are wanted.
 */
static void take_over(impasto_jpeg *handle, uint32_t first, uint32_t last)
{
#if defined(LIBJPEG_TURBO_VERSION_NUMBER) && LIBJPEG_TURBO_VERSION_NUMBER / 1000000 == 3
  struct jpeg_decompress_struct *jpeg = &handle->jpeg;
  huffman_scan scan = {.data = jpeg->src->next_input_byte,
                       .length = jpeg->src->bytes_in_buffer,
                       .columns = jpeg->MCUs_per_row,
                       .first = first,
                       .last = last,
                       .restart_interval = jpeg->restart_interval,
                       .count = (uint32_t)jpeg->blocks_in_MCU};
  if (jpeg->arith_code || jpeg->progressive_mode || jpeg_has_multiple_scans(jpeg) || jpeg->data_precision != 8 ||
      jpeg->Ss != 0 || jpeg->Se != 63 || jpeg->Ah != 0 || jpeg->Al != 0)
    return;
  for (int i = 0; i < jpeg->blocks_in_MCU; i++) {
    const jpeg_component_info *component = jpeg->cur_comp_info[jpeg->MCU_membership[i]];
    int dc = component->dc_tbl_no, ac = component->ac_tbl_no;
    if (dc < 0 || dc >= NUM_HUFF_TBLS || ac < 0 || ac >= NUM_HUFF_TBLS)
      return;
    scan.blocks[i] = (huffman_block){.dc = jpeg->dc_huff_tbl_ptrs[dc],
                                     .ac = jpeg->ac_huff_tbl_ptrs[ac],
                                     .dc_table = (uint32_t)dc,
                                     .ac_table = (uint32_t)ac,
                                     .component = (uint32_t)jpeg->MCU_membership[i],
                                     .wanted = component->component_needed && impasto_scaled_size(component) > 1};
  }
  if (handle->calls->begin(handle->huffman, &scan))
    jpeg->entropy->decode_mcu = decode_mcu;
#endif
}

/* Our decoder goes past MCUs that nobody wants when somebody wants one again, or here. */
static void settle(impasto_jpeg *handle)
{
  if (handle->jpeg.entropy->decode_mcu == decode_mcu && !handle->calls->settle(handle->huffman))
    longjmp(handle->jump, AGAIN);
}

/* After the last MCU: libjpeg reads on where the scan's data end. */
static void hand_back(impasto_jpeg *handle)
{
  struct jpeg_source_mgr *source = handle->jpeg.src;
  size_t left = handle->calls->left(handle->huffman);
  source->next_input_byte += source->bytes_in_buffer - left;
  source->bytes_in_buffer = left;
}

/* `calls` and `huffman` must live as long as the handle. */
impasto_jpeg *impasto_jpeg_new(const huffman_calls *calls, void *huffman)
{
  impasto_jpeg *handle = calloc(1, sizeof(impasto_jpeg));
  if (!handle)
    return NULL;
  handle->calls = calls;
  handle->huffman = huffman;
  handle->jpeg.err = jpeg_std_error(&handle->errors);
  handle->errors.error_exit = on_error;
  handle->errors.emit_message = on_message;
  handle->progress.progress_monitor = on_progress;
  handle->quick = 1;
  return handle;
}

void impasto_jpeg_free(impasto_jpeg *handle)
{
  jpeg_destroy_decompress(&handle->jpeg);
  free(handle);
}

const char *impasto_jpeg_message(const impasto_jpeg *handle)
{
  return handle->message;
}

/* Whether the data ended before the last pixel that was read. */
int impasto_jpeg_cut(const impasto_jpeg *handle)
{
  return handle->cut;
}

/* Whether our own Huffman decoder may be used; it may unless a test compares. */
void impasto_jpeg_quick(impasto_jpeg *handle, int quick)
{
  handle->quick = quick;
}

/* Forgets the image; the handle can open another. */
void impasto_jpeg_close(impasto_jpeg *handle)
{
  jpeg_destroy_decompress(&handle->jpeg);
}

int impasto_jpeg_open(impasto_jpeg *handle, const uint8_t *bytes, size_t length, impasto_jpeg_header *header)
{
  int status = setjmp(handle->jump);
  if (status)
    return status;
  handle->message[0] = 0;
  handle->keep = handle->cut = handle->warned = handle->past_pixels = 0; /* a header that is cut is no image */
  handle->max_scans = 0x7fffffff;
  handle->bytes = bytes;
  handle->length = length;
  jpeg_create_decompress(&handle->jpeg);
  handle->jpeg.progress = &handle->progress;
  jpeg_mem_src(&handle->jpeg, bytes, (unsigned long)length);
  jpeg_read_header(&handle->jpeg, TRUE);
  header->width = handle->jpeg.image_width;
  header->height = handle->jpeg.image_height;
  header->components = (uint32_t)handle->jpeg.num_components;
  header->bits = (uint32_t)handle->jpeg.data_precision;
  header->progressive = handle->jpeg.progressive_mode ? 1 : 0;
  return OK;
}

/*
 * Begins decoding at scale/8; there will be planes if they are wanted and the image has some that we know, or else rows
 * of RGB, or CMYK for four components. `keep`: what there is of a cut file.
 */
int impasto_jpeg_start(impasto_jpeg *handle, uint32_t scale, uint32_t max_scans, int keep,
                       impasto_jpeg_columns *columns)
{
  struct jpeg_decompress_struct *jpeg = &handle->jpeg;
  int status = setjmp(handle->jump);
  if (status)
    return status;
  handle->keep = keep;
  handle->max_scans = max_scans > 0x7fffffff ? 0x7fffffff : (int)max_scans;
  jpeg->scale_num = scale;
  jpeg->scale_denom = 8;
  jpeg->dct_method = JDCT_ISLOW;
  jpeg->do_fancy_upsampling = TRUE;
  jpeg->out_color_space = jpeg->num_components == 4 ? JCS_CMYK : JCS_RGB;
  impasto_want_planes(handle, columns->planes != 0);
  jpeg_start_decompress(jpeg);
  columns->full_width = jpeg->output_width;
  columns->full_height = jpeg->output_height;
  columns->channels = (uint32_t)jpeg->output_components;
  handle->left = columns->left;
  handle->width = columns->width;
  if (columns->left != 0 || columns->width < jpeg->output_width) {
    JDIMENSION left = columns->left, width = columns->width;
    jpeg_crop_scanline(jpeg, &left, &width);
    columns->left = left;
    columns->width = width;
  } else {
    columns->width = jpeg->output_width;
  }
  impasto_begin_planes(handle, columns);
  if (handle->quick) {
    /* As jpeg_crop_scanline counts them. */
    uint32_t mcu = jpeg->num_components == 1 ? scale : scale * (uint32_t)jpeg->max_h_samp_factor;
    uint32_t first = columns->left / mcu, last = (columns->left + columns->width - 1) / mcu;
    take_over(handle, first, last);
  }
  return OK;
}

static void read_rows(struct jpeg_decompress_struct *jpeg, uint32_t skip, uint32_t count, uint8_t *out)
{
  size_t stride = (size_t)jpeg->output_width * (size_t)jpeg->output_components;
  uint32_t done = 0;
  if (skip)
    jpeg_skip_scanlines(jpeg, skip);
  /* One call gives at most a row group, so a handful of pointers is enough. A memory source always makes progress. */
  while (done < count) {
    JSAMPROW rows[8];
    uint32_t ask = count - done < 8 ? count - done : 8;
    for (uint32_t i = 0; i < ask; i++)
      rows[i] = out + (size_t)(done + i) * stride;
    done += jpeg_read_scanlines(jpeg, rows, ask);
  }
}

/* What is wrong at the file's end, such as a marker where there should be none, is an error, as in Pillow. */
static void finish(impasto_jpeg *handle)
{
  struct jpeg_decompress_struct *jpeg = &handle->jpeg;
  settle(handle);
  handle->past_pixels = 1;
  if (jpeg->entropy->decode_mcu == decode_mcu)
    hand_back(handle);
  jpeg_finish_decompress(jpeg);
}

/*
 * Whether a file is refused is known at its end, and a decode that reads the last row goes there. One that stops above
 * goes there too if anything was wrong with what it read; otherwise it does not look at what lies below its last row,
 * which would cost it as much as it saves.
 */
static void judge(impasto_jpeg *handle)
{
  struct jpeg_decompress_struct *jpeg = &handle->jpeg;
  JDIMENSION left = jpeg->output_height - jpeg->output_scanline;
  settle(handle); /* to the right of the last rows, where something may be wrong too */
  if (left && (!handle->warned || jpeg_has_multiple_scans(jpeg)))
    return; /* of several scans all have been read */
  if (left && handle->planes) {
    impasto_pass_planes(handle);
  } else if (left) {
    JDIMENSION size = jpeg->output_width * (JDIMENSION)jpeg->output_components;
    JSAMPARRAY row = jpeg->mem->alloc_sarray((j_common_ptr)jpeg, JPOOL_IMAGE, size, 1);
    if (left > 1) /* skipping to the very end would not read */
      jpeg_skip_scanlines(jpeg, left - 1);
    jpeg_read_scanlines(jpeg, row, 1);
  }
  finish(handle);
}

static int rows_once(impasto_jpeg *handle, uint32_t skip, uint32_t count, uint8_t *out)
{
  int status = setjmp(handle->jump);
  if (status)
    return status;
  if (handle->planes)
    impasto_read_planes(handle, skip, count);
  else
    read_rows(&handle->jpeg, skip, count, out);
  judge(handle);
  return OK;
}

/* Opens and starts the image as before, by libjpeg's own Huffman decoder. */
static int start_again(impasto_jpeg *handle)
{
  uint32_t scale = handle->jpeg.scale_num;
  impasto_jpeg_columns columns = {.left = handle->left, .width = handle->width, .planes = handle->planes};
  impasto_jpeg_header header;
  uint32_t max_scans = (uint32_t)handle->max_scans;
  int quick = handle->quick, keep = handle->keep, status;
  impasto_jpeg_close(handle);
  status = impasto_jpeg_open(handle, handle->bytes, handle->length, &header);
  if (status)
    return status;
  handle->quick = 0;
  status = impasto_jpeg_start(handle, scale, max_scans, keep, &columns);
  handle->quick = quick;
  return status;
}

/*
 * Skips `skip` rows of the scaled image, then writes `count` rows, packed, to `out`; or where there are planes, what
 * `planes` says of as many as there are.
 */
int impasto_jpeg_rows(impasto_jpeg *handle, uint32_t skip, uint32_t count, uint8_t *out,
                      const impasto_jpeg_plane *planes)
{
  int status;
  handle->plane = planes;
  status = rows_once(handle, skip, count, out);
  if (status == AGAIN) {
    status = start_again(handle);
    handle->plane = planes;
    if (!status)
      status = rows_once(handle, skip, count, out);
  }
  handle->plane = NULL;
  return status;
}
