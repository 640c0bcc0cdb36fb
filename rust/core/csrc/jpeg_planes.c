/*
 * Planes as they are decoded: chroma is not upsampled, and no colors are made.
 *
 * libjpeg has raw_data_out for this, which can neither skip rows nor crop columns. So it is asked for the colors that the
 * file has, and our function takes the place of its postprocessing, which gets a row of MCUs at a time.
 */
#include <string.h>

#include "jpeg.h"

/*
 * How many planes an image has: one; or luma and two of chroma that are sampled alike, no finer than luma; or red, green
 * and blue that are.
 */
static uint32_t planes_of(const struct jpeg_decompress_struct *jpeg)
{
  const jpeg_component_info *luma = jpeg->comp_info, *chroma = luma + 1;
  if (jpeg->num_components == 1 && jpeg->jpeg_color_space == JCS_GRAYSCALE)
    return 1;
  if (jpeg->num_components != 3 || (jpeg->jpeg_color_space != JCS_YCbCr && jpeg->jpeg_color_space != JCS_RGB))
    return 0;
  for (int i = 0; i < 2; i++)
    if (chroma[i].h_samp_factor != chroma->h_samp_factor || chroma[i].v_samp_factor != chroma->v_samp_factor ||
        luma->h_samp_factor % chroma[i].h_samp_factor || luma->v_samp_factor % chroma[i].v_samp_factor)
      return 0;
  if (jpeg->jpeg_color_space == JCS_RGB &&
      (luma->h_samp_factor != chroma->h_samp_factor || luma->v_samp_factor != chroma->v_samp_factor))
    return 0;
  return 3;
}

/* Takes what is wanted of a row of MCUs; in place of libjpeg's postprocessing. */
static void take(j_decompress_ptr jpeg, JSAMPIMAGE from, JDIMENSION *group, JDIMENSION groups, JSAMPARRAY out,
                 JDIMENSION *row, JDIMENSION rows)
{
  const impasto_jpeg *handle = (const impasto_jpeg *)jpeg;
  uint32_t high = impasto_mcu_rows(jpeg), left = jpeg->output_height - jpeg->output_scanline;
  (void)out;
  (void)rows;
  for (uint32_t i = 0; handle->plane && i < handle->planes; i++) {
    const jpeg_component_info *component = &jpeg->comp_info[i];
    const impasto_jpeg_plane *plane = &handle->plane[i];
    uint32_t count = (uint32_t)component->v_samp_factor * impasto_scaled_size(component);
    uint32_t first = jpeg->output_scanline / high * count;
    for (uint32_t j = 0; j < count; j++) {
      uint32_t at = first + j - plane->first; /* more than there are where it lies above */
      if (at < plane->rows)
        memcpy(plane->out + (size_t)at * plane->width, from[i][j] + plane->left, plane->width);
    }
  }
  *group = groups;
  *row += high < left ? high : left;
}

void impasto_want_planes(impasto_jpeg *handle, int wanted)
{
  struct jpeg_decompress_struct *jpeg = &handle->jpeg;
  handle->plane = NULL;
  handle->planes = wanted ? planes_of(jpeg) : 0;
  if (!handle->planes)
    return;
  jpeg->out_color_space = jpeg->jpeg_color_space;
  jpeg->do_fancy_upsampling = FALSE; /* which would ask for the rows above and below */
}

void impasto_begin_planes(impasto_jpeg *handle, impasto_jpeg_columns *columns)
{
  struct jpeg_decompress_struct *jpeg = &handle->jpeg;
  columns->planes = handle->planes;
  if (!handle->planes)
    return;
  const jpeg_component_info *luma = jpeg->comp_info, *chroma = luma + handle->planes - 1;
  columns->rgb = jpeg->jpeg_color_space == JCS_RGB;
  uint32_t finer = impasto_scaled_size(chroma) / impasto_scaled_size(luma); /* what scaling left to chroma */
  columns->pixels_across = (uint32_t)(luma->h_samp_factor / chroma->h_samp_factor) / finer;
  columns->pixels_down = (uint32_t)(luma->v_samp_factor / chroma->v_samp_factor) / finer;
  jpeg->post->post_process_data = take;
}

/* Passes over rows of MCUs up to the one that row `to` is in. */
static void pass_to(struct jpeg_decompress_struct *jpeg, uint32_t to)
{
  uint32_t high = impasto_mcu_rows(jpeg), first = to / high * high;
  if (first > jpeg->output_scanline)
    jpeg_skip_scanlines(jpeg, first - jpeg->output_scanline);
}

static void read_to(struct jpeg_decompress_struct *jpeg, uint32_t end)
{
  JSAMPROW none = NULL;
  while (jpeg->output_scanline < end)
    jpeg_read_scanlines(jpeg, &none, 1);
}

void impasto_read_planes(impasto_jpeg *handle, uint32_t skip, uint32_t count)
{
  pass_to(&handle->jpeg, skip);
  read_to(&handle->jpeg, skip + count);
}

/* Reads the last row of MCUs, for what is wrong with it. */
void impasto_pass_planes(impasto_jpeg *handle)
{
  struct jpeg_decompress_struct *jpeg = &handle->jpeg;
  handle->plane = NULL;
  pass_to(jpeg, jpeg->output_height - 1);
  read_to(jpeg, jpeg->output_height);
}
