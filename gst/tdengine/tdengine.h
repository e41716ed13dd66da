/* tdengine: everything of the library
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/tdengine/gsttdenginecheckpoint.h>
#include <gst/tdengine/gsttdengineconnection.h>
#include <gst/tdengine/gsttdengineconsumer.h>
#include <gst/tdengine/gsttdengineerror.h>
#include <gst/tdengine/gsttdenginequery.h>
#include <gst/tdengine/gsttdenginerows.h>
#include <gst/tdengine/gsttdenginerowsbuilder.h>
#include <gst/tdengine/gsttdengineschema.h>
#include <gst/tdengine/gsttdenginesettings.h>
#include <gst/tdengine/gsttdenginetopicmessage.h>
#include <gst/tdengine/gsttdenginetypes.h>
#include <gst/tdengine/gsttdenginewriter.h>
#include <gst/tdengine/gsttdenginewritesettings.h>
