/* tdengine text encoder: what the elements that write rows as text share
 *
 * A buffer of rows becomes a buffer of text, with its times, offsets and metas.
 * Before the first rows, after new columns and after a flush stands a head, if
 * the format has one.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gsttdengineelement.h"
#include "gsttdenginetextenc.h"

GST_DEBUG_CATEGORY_STATIC (text_enc_debug);
#define GST_CAT_DEFAULT text_enc_debug

typedef struct
{
  GstTDengineSchema *schema;
  GString *head;
  gboolean head_due;
  gsize last_size;              /* of the last output: a guess at the next */
} GstTDengineTextEncPrivate;

G_DEFINE_ABSTRACT_TYPE_WITH_CODE (GstTDengineTextEnc, gst_tdengine_text_enc,
    GST_TYPE_BASE_TRANSFORM, G_ADD_PRIVATE (GstTDengineTextEnc)
    GST_DEBUG_CATEGORY_INIT (text_enc_debug, "tdenginetextenc", 0,
        "TDengine rows to text"));

static GstTDengineTextEncPrivate *
get_private (gpointer self)
{
  return gst_tdengine_text_enc_get_instance_private (self);
}

static void
forget_schema (GstTDengineTextEncPrivate * priv)
{
  g_clear_pointer (&priv->schema, gst_tdengine_schema_unref);
  g_string_truncate (priv->head, 0);
  priv->head_due = TRUE;
  priv->last_size = 0;
}

static void
gst_tdengine_text_enc_init (GstTDengineTextEnc * self)
{
  get_private (self)->head = g_string_new (NULL);
  forget_schema (get_private (self));
  /* without a transform function the base class takes this for granted */
  gst_base_transform_set_passthrough (GST_BASE_TRANSFORM (self), FALSE);
}

static void
gst_tdengine_text_enc_finalize (GObject * object)
{
  GstTDengineTextEncPrivate *priv = get_private (object);

  forget_schema (priv);
  g_string_free (priv->head, TRUE);
  G_OBJECT_CLASS (gst_tdengine_text_enc_parent_class)->finalize (object);
}

static gboolean
gst_tdengine_text_enc_stop (GstBaseTransform * trans)
{
  forget_schema (get_private (trans));
  return TRUE;
}

static GstCaps *
gst_tdengine_text_enc_transform_caps (GstBaseTransform * trans,
    GstPadDirection direction, GstCaps * caps, GstCaps * filter)
{
  GstPad *other = direction == GST_PAD_SINK ? trans->srcpad : trans->sinkpad;
  g_autoptr (GstCaps) template = gst_pad_get_pad_template_caps (other);

  if (!filter)
    return g_steal_pointer (&template);
  return gst_caps_intersect_full (filter, template, GST_CAPS_INTERSECT_FIRST);
}

static gboolean
gst_tdengine_text_enc_set_caps (GstBaseTransform * trans, GstCaps * in,
    GstCaps * out)
{
  GstTDengineTextEncPrivate *priv = get_private (trans);
  g_autoptr (GstTDengineSchema) schema =
      gst_tdengine_element_read_caps (GST_ELEMENT (trans), in);

  if (!schema)
    return FALSE;

  GString *head = g_string_new (NULL);
  GST_TDENGINE_TEXT_ENC_GET_CLASS (trans)->set_schema
      (GST_TDENGINE_TEXT_ENC (trans), schema, head);
  if (!g_string_equal (head, priv->head))
    priv->head_due = TRUE;
  g_string_free (priv->head, TRUE);
  priv->head = head;
  g_clear_pointer (&priv->schema, gst_tdengine_schema_unref);
  priv->schema = g_steal_pointer (&schema);
  return TRUE;
}

/* what is downstream knows text, and can't say how rows should lie in memory */
static gboolean
gst_tdengine_text_enc_propose_allocation (GstBaseTransform * trans,
    GstQuery * decide, GstQuery * query)
{
  return TRUE;
}

static void
write_head (GstTDengineTextEncPrivate * priv, GString * text)
{
  if (priv->head_due)
    g_string_append_len (text, priv->head->str, priv->head->len);
  priv->head_due = FALSE;
}

static GstBuffer *
wrap_text (GString * text)
{
  gsize size = text->len, room = text->allocated_len;
  gchar *bytes = g_string_free (text, FALSE);

  return gst_buffer_new_wrapped_full (0, bytes, room, 0, size, bytes, g_free);
}

static GstFlowReturn
gst_tdengine_text_enc_generate_output (GstBaseTransform * trans,
    GstBuffer ** buffer)
{
  GstTDengineTextEncPrivate *priv = get_private (trans);
  g_autoptr (GstBuffer) input = g_steal_pointer (&trans->queued_buf);
  g_autoptr (GError) error = NULL;

  if (!input)
    return GST_FLOW_OK;

  g_autoptr (GstTDengineRows) rows =
      gst_tdengine_rows_new (priv->schema, input, &error);
  if (!rows)
    return gst_tdengine_element_post_error (GST_ELEMENT (trans), error);
  if (gst_tdengine_rows_get_n_rows (rows) == 0)
    return GST_FLOW_OK;

  GString *text = g_string_sized_new (priv->last_size + priv->last_size / 8);
  write_head (priv, text);
  GST_TDENGINE_TEXT_ENC_GET_CLASS (trans)->write_rows
      (GST_TDENGINE_TEXT_ENC (trans), rows, text);
  priv->last_size = text->len;

  *buffer = wrap_text (text);
  gst_buffer_copy_into (*buffer, input, GST_BUFFER_COPY_METADATA, 0, -1);
  GST_LOG_OBJECT (trans, "%u rows as %" GST_PTR_FORMAT,
      gst_tdengine_rows_get_n_rows (rows), *buffer);
  return GST_FLOW_OK;
}

/* a source that has no rows has no segment, either */
static void
push_missing_segment (GstPad * pad)
{
  g_autoptr (GstEvent) sent =
      gst_pad_get_sticky_event (pad, GST_EVENT_SEGMENT, 0);
  GstSegment segment;

  if (sent)
    return;
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_pad_push_event (pad, gst_event_new_segment (&segment));
}

/* no rows have a head, too */
static void
push_head (GstBaseTransform * trans)
{
  GstTDengineTextEncPrivate *priv = get_private (trans);

  if (!priv->schema || !priv->head_due || priv->head->len == 0)
    return;

  GString *text = g_string_new (NULL);
  write_head (priv, text);
  push_missing_segment (trans->srcpad);
  gst_pad_push (trans->srcpad, wrap_text (text));
}

static gboolean
gst_tdengine_text_enc_sink_event (GstBaseTransform * trans, GstEvent * event)
{
  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_EOS:
      push_head (trans);
      break;
    case GST_EVENT_FLUSH_STOP:
      /* the head may be among what was thrown away */
      get_private (trans)->head_due = TRUE;
      break;
    default:
      break;
  }
  return GST_BASE_TRANSFORM_CLASS
      (gst_tdengine_text_enc_parent_class)->sink_event (trans, event);
}

static void
gst_tdengine_text_enc_class_init (GstTDengineTextEncClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstBaseTransformClass *trans_class = GST_BASE_TRANSFORM_CLASS (klass);
  g_autoptr (GstCaps) caps =
      gst_caps_new_empty_simple (GST_TDENGINE_ROWS_MEDIA_TYPE);

  object_class->finalize = gst_tdengine_text_enc_finalize;
  trans_class->stop = gst_tdengine_text_enc_stop;
  trans_class->transform_caps = gst_tdengine_text_enc_transform_caps;
  trans_class->set_caps = gst_tdengine_text_enc_set_caps;
  trans_class->propose_allocation = gst_tdengine_text_enc_propose_allocation;
  trans_class->generate_output = gst_tdengine_text_enc_generate_output;
  trans_class->sink_event = gst_tdengine_text_enc_sink_event;

  gst_element_class_add_pad_template (GST_ELEMENT_CLASS (klass),
      gst_pad_template_new ("sink", GST_PAD_SINK, GST_PAD_ALWAYS, caps));
  gst_type_mark_as_plugin_api (GST_TYPE_TDENGINE_TEXT_ENC, 0);
}
