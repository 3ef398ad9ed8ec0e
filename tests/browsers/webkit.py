"""Shows the page at the given address in WebKitGTK, until it is killed; `--version` prints the engine's version."""

import sys

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("WebKit2", "4.1")
from gi.repository import Gtk, WebKit2  # noqa: E402

if sys.argv[1] == "--version":
    print("WebKitGTK", WebKit2.get_major_version(), WebKit2.get_minor_version(), WebKit2.get_micro_version())
    sys.exit()

window = Gtk.Window()
view = WebKit2.WebView.new_with_context(WebKit2.WebContext.new_ephemeral())
window.add(view)
window.show_all()
view.load_uri(sys.argv[1])
Gtk.main()
