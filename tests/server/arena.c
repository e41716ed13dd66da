/* test server: memory of a statement's tree
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ast.h"

struct _Arena
{
  GPtrArray *memory;
  GPtrArray *pointers;
  GPtrArray *arrays;
};

Arena *
arena_new (void)
{
  Arena *self = g_new0 (Arena, 1);

  self->memory = g_ptr_array_new_with_free_func (g_free);
  self->pointers =
      g_ptr_array_new_with_free_func ((GDestroyNotify) g_ptr_array_unref);
  self->arrays =
      g_ptr_array_new_with_free_func ((GDestroyNotify) g_array_unref);
  return self;
}

void
arena_free (Arena * arena)
{
  g_ptr_array_unref (arena->memory);
  g_ptr_array_unref (arena->pointers);
  g_ptr_array_unref (arena->arrays);
  g_free (arena);
}

gpointer
arena_alloc (Arena * arena, gsize size)
{
  gpointer memory = g_malloc0 (size);

  g_ptr_array_add (arena->memory, memory);
  return memory;
}

gchar *
arena_take (Arena * arena, gchar * string)
{
  g_ptr_array_add (arena->memory, string);
  return string;
}

GPtrArray *
arena_pointers (Arena * arena)
{
  GPtrArray *array = g_ptr_array_new ();

  g_ptr_array_add (arena->pointers, array);
  return array;
}

GArray *
arena_array (Arena * arena, gsize element_size)
{
  GArray *array = g_array_new (FALSE, TRUE, element_size);

  g_ptr_array_add (arena->arrays, array);
  return array;
}
