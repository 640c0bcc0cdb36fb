/*
 * The other way through libjpeg: pixels to a file, and a file's coefficients to another file.
 *
 * As in jpeg.c, libjpeg's errors jump back into the function that Rust called, and no jump crosses a Rust frame. All
 * that is allocated here is freed here but for the written file, which is freed by `impasto_jpeg_release`.
 */
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

enum { OK = 0, BROKEN = 1, IRREGULAR = 6, NO_MEMORY = 7 };

/* Where restart markers go: every so many rows of MCUs, or every so many MCUs; 0 and 0 write none. */
typedef struct {
  uint32_t rows, mcus;
} impasto_jpeg_restarts;

typedef struct {
  uint8_t *bytes;
  size_t length;
  char message[JMSG_LENGTH_MAX];
} impasto_jpeg_file;

typedef struct {
  struct jpeg_error_mgr errors; /* first: libjpeg hands it back and we cast */
  jmp_buf jump;
  int warned, max_scans;
  impasto_jpeg_file *file;
} keeper;

typedef struct {
  struct jpeg_destination_mgr manager; /* first, likewise */
  impasto_jpeg_file *file;
  size_t room;
} growing;

static void on_error(j_common_ptr common)
{
  keeper *kept = (keeper *)common->err;
  common->err->format_message(common, kept->file->message);
  longjmp(kept->jump, common->err->msg_code == JERR_OUT_OF_MEMORY ? NO_MEMORY : BROKEN);
}

static void on_message(j_common_ptr common, int level)
{
  keeper *kept = (keeper *)common->err;
  if (level >= 0)
    return;
  common->err->format_message(common, kept->file->message);
  kept->warned = 1;
}

/* A file of many scans costs all pixels for each; whoever wrote so many meant no good. */
static void on_progress(j_common_ptr common)
{
  keeper *kept = (keeper *)common->err;
  if (common->is_decompressor && ((j_decompress_ptr)common)->input_scan_number > kept->max_scans)
    longjmp(kept->jump, IRREGULAR);
}

static void keep(keeper *kept, impasto_jpeg_file *file)
{
  memset(file, 0, sizeof(*file));
  jpeg_std_error(&kept->errors);
  kept->errors.error_exit = on_error;
  kept->errors.emit_message = on_message;
  kept->warned = 0;
  kept->max_scans = 0x7fffffff;
  kept->file = file;
}

static boolean grow(j_compress_ptr jpeg)
{
  growing *out = (growing *)jpeg->dest;
  size_t room = out->room ? 2 * out->room : 65536;
  uint8_t *bytes = realloc(out->file->bytes, room);
  if (!bytes)
    ERREXIT1(jpeg, JERR_OUT_OF_MEMORY, 0);
  out->file->bytes = bytes;
  out->manager.next_output_byte = bytes + out->room; /* all before it is full */
  out->manager.free_in_buffer = room - out->room;
  out->room = room;
  return TRUE;
}

static void begin(j_compress_ptr jpeg)
{
  grow(jpeg);
}

static void end(j_compress_ptr jpeg)
{
  growing *out = (growing *)jpeg->dest;
  out->file->length = out->room - out->manager.free_in_buffer;
}

static void write_into(j_compress_ptr jpeg, growing *out, impasto_jpeg_file *file)
{
  out->manager.init_destination = begin;
  out->manager.empty_output_buffer = grow;
  out->manager.term_destination = end;
  out->file = file;
  out->room = 0;
  jpeg->dest = &out->manager;
}

static void restart(j_compress_ptr jpeg, const impasto_jpeg_restarts *restarts)
{
  jpeg->restart_in_rows = (int)restarts->rows;
  jpeg->restart_interval = restarts->rows ? 0 : restarts->mcus;
}

void impasto_jpeg_release(impasto_jpeg_file *file)
{
  free(file->bytes);
  file->bytes = NULL;
}

/* Writes RGB8 pixels as a JFIF file, 4:2:0. `app1` is a marker's payload, or null. */
int impasto_jpeg_encode(const uint8_t *pixels, uint32_t width, uint32_t height, uint32_t quality,
                        const impasto_jpeg_restarts *restarts, const uint8_t *app1, size_t app1_length,
                        impasto_jpeg_file *file)
{
  struct jpeg_compress_struct jpeg;
  keeper kept;
  growing out;
  int status;
  keep(&kept, file);
  memset(&jpeg, 0, sizeof(jpeg));
  jpeg.err = &kept.errors;
  if ((status = setjmp(kept.jump)) != 0) {
    jpeg_destroy_compress(&jpeg);
    impasto_jpeg_release(file);
    return status;
  }
  jpeg_create_compress(&jpeg);
  write_into(&jpeg, &out, file);
  jpeg.image_width = width;
  jpeg.image_height = height;
  jpeg.input_components = 3;
  jpeg.in_color_space = JCS_RGB;
  jpeg_set_defaults(&jpeg); /* 4:2:0 among them */
  jpeg_set_quality(&jpeg, (int)quality, TRUE);
  jpeg.dct_method = JDCT_ISLOW;
  restart(&jpeg, restarts);
  jpeg_start_compress(&jpeg, TRUE);
  if (app1)
    jpeg_write_marker(&jpeg, JPEG_APP0 + 1, app1, (unsigned int)app1_length);
  while (jpeg.next_scanline < height) {
    JSAMPROW row = (JSAMPROW)(pixels + (size_t)jpeg.next_scanline * width * 3);
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
  jpeg_destroy_compress(&jpeg);
  return OK;
}

/* Whether libjpeg writes what a marker says by itself. */
static int is_written(j_compress_ptr jpeg, jpeg_saved_marker_ptr marker)
{
  int jfif = marker->marker == JPEG_APP0 && marker->data_length >= 5 && !memcmp(marker->data, "JFIF", 5);
  int adobe = marker->marker == JPEG_APP0 + 14 && marker->data_length >= 5 && !memcmp(marker->data, "Adobe", 5);
  return (jfif && jpeg->write_JFIF_header) || (adobe && jpeg->write_Adobe_marker);
}

/*
 * Whether a progressive file's scans say every bit of its coefficients. Where they don't, libjpeg smooths what it shows,
 * and a baseline file of the same coefficients would show something else.
 */
static int is_complete(const struct jpeg_decompress_struct *from)
{
  for (int component = 0; component < from->num_components; component++)
    for (int number = 0; number < DCTSIZE2; number++)
      if (from->coef_bits[component][number] != 0)
        return 0;
  return 1;
}

/*
 * Writes a file's coefficients again, with its tables of quantisation and all its metadata: baseline, one scan, restart
 * markers where they are asked for. IRREGULAR if anything is wrong with the file's data, so that nothing is glossed over.
 */
int impasto_jpeg_transcode(const uint8_t *bytes, size_t length, uint32_t max_scans,
                           const impasto_jpeg_restarts *restarts, impasto_jpeg_file *file)
{
  struct jpeg_decompress_struct from;
  struct jpeg_compress_struct to;
  struct jpeg_progress_mgr progress;
  keeper kept;
  growing out;
  jvirt_barray_ptr *coefficients;
  int status;
  keep(&kept, file);
  kept.max_scans = max_scans > 0x7fffffff ? 0x7fffffff : (int)max_scans;
  memset(&from, 0, sizeof(from));
  memset(&to, 0, sizeof(to));
  memset(&progress, 0, sizeof(progress));
  from.err = to.err = &kept.errors;
  if ((status = setjmp(kept.jump)) != 0) {
    jpeg_destroy_compress(&to);
    jpeg_destroy_decompress(&from);
    impasto_jpeg_release(file);
    return status;
  }
  jpeg_create_decompress(&from);
  jpeg_create_compress(&to);
  progress.progress_monitor = on_progress;
  from.progress = &progress;
  jpeg_mem_src(&from, bytes, (unsigned long)length);
  jpeg_save_markers(&from, JPEG_COM, 0xffff);
  for (int app = 0; app < 16; app++)
    jpeg_save_markers(&from, JPEG_APP0 + app, 0xffff);
  jpeg_read_header(&from, TRUE);
  coefficients = jpeg_read_coefficients(&from);
  if (from.progressive_mode && !is_complete(&from))
    longjmp(kept.jump, IRREGULAR);
  jpeg_copy_critical_parameters(&from, &to);
  to.optimize_coding = TRUE;
  restart(&to, restarts);
  write_into(&to, &out, file);
  jpeg_write_coefficients(&to, coefficients);
  for (jpeg_saved_marker_ptr marker = from.marker_list; marker; marker = marker->next)
    if (!is_written(&to, marker))
      jpeg_write_marker(&to, marker->marker, marker->data, marker->data_length);
  jpeg_finish_compress(&to);
  jpeg_finish_decompress(&from);
  if (kept.warned)
    longjmp(kept.jump, IRREGULAR);
  jpeg_destroy_compress(&to);
  jpeg_destroy_decompress(&from);
  return OK;
}
