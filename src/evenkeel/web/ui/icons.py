# ruff: noqa: E501  paths are drawn, not read
"""Every icon of the screens, as the inside of a 24 by 24 SVG.

Shape carries the meaning, so no two meanings share one: verdicts are disc, square,
dashed ring and diamond; alarms are octagon, triangle, flag and broken waves. Colour
comes from the words around; `cut` is a hole in the colour of the ground.
"""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

ICONS: dict[str, str] = {
    "brand": '<path d="M2 4.2h20v2.2H2zM2.6 9h18.8c0 5-4.1 8.6-9.4 8.6S2.6 14 2.6 9zM11 17h2v5h-2z"/>',
    # verdicts
    "yes": '<circle cx="12" cy="12" r="11"/><path class="cut" d="M6.8 12.4l3.6 3.6 7-7.4"/>',
    "no": '<path d="M1.5 1.5h21v21h-21z"/><path class="cut" d="M7.2 7.2l9.6 9.6M16.8 7.2l-9.6 9.6"/>',
    "unknown": '<circle class="dash" cx="12" cy="12" r="10.4"/>'
    '<path class="line" d="M8.9 9.4a3.2 3.2 0 1 1 4.7 2.8c-1.1.6-1.6 1.2-1.6 2.4"/><circle cx="12" cy="17.6" r="1.25"/>',
    "judge": '<path d="M12 .6L23.4 12 12 23.4.6 12z"/><circle class="cut-fill" cx="12" cy="9" r="2.7"/>'
    '<path class="cut-fill" d="M6.9 16.4c.5-2.6 2.5-4 5.1-4s4.6 1.4 5.1 4z"/>',
    "na": '<path d="M4 10.9h16v2.2H4z"/>',
    # alarms
    "high": '<path d="M7.4 1h9.2L23 7.4v9.2L16.6 23H7.4L1 16.6V7.4z"/>'
    '<path class="cut" d="M7.6 6.6v6.6M12 6.6v6.6M16.4 6.6v6.6"/>'
    '<g class="cut-fill"><circle cx="7.6" cy="17" r="1.5"/><circle cx="12" cy="17" r="1.5"/><circle cx="16.4" cy="17" r="1.5"/></g>',
    "medium": '<path d="M12 1.4L23.4 21.8H.6z"/><path class="cut" d="M9.7 10.4v4.6M14.3 10.4v4.6"/>'
    '<g class="cut-fill"><circle cx="9.7" cy="18.4" r="1.4"/><circle cx="14.3" cy="18.4" r="1.4"/></g>',
    "low": '<path d="M2.6 2.5h19.2v14H11l-4.4 5v-5h-4z"/><path class="cut" d="M12.2 5.8v4.4"/><circle class="cut-fill" cx="12.2" cy="13.6" r="1.4"/>',
    "lost": '<path class="line" d="M2.2 10.2C5 7.4 8.4 6 12 6c1.4 0 2.7.2 4 .6M5.4 13.8a9.6 9.6 0 0 1 6.2-2.7M18.8 8c1.1.6 2.1 1.3 3 2.2M16.4 12.4c.8.4 1.5.9 2.2 1.5M8.8 17.2a4.8 4.8 0 0 1 3.2-1.3c.6 0 1.2.1 1.7.3"/>'
    '<path class="line" d="M3.2 21L21 3.2"/><circle cx="12" cy="20.2" r="1.5"/>',
    "up": '<path d="M12 3l10.5 18h-21z"/>',
    "down": '<path d="M12 21L1.5 3h21z"/>',
    # where a value came from
    "monitor": '<path class="line" d="M2 3.5h20v13.5H2zM8.5 21.2h7M12 17v4.2M4.8 10.5h3.6l1.8-3.4 3 6.4 1.8-3h4.2"/>',
    "hand": '<path class="line" d="M12 20.5L2.5 4.5h19z"/>',
    "filled": '<path d="M12 20.5L2.5 4.5h19z"/>',
    # objects
    "person": '<circle class="line" cx="12" cy="7.4" r="4.4"/><path class="line" d="M3.6 22c.6-5 4-7.4 8.4-7.4s7.800 2.400 8.4 7.4z"/>',
    "lock": '<path d="M4.5 10.5h15v11.500h-15z"/><path class="line" d="M8 10.500V7a4 4 0 0 1 8 0v3.500"/>',
    "link": '<path class="line" d="M10 7H7a5 5 0 0 0 0 10h3M14 7h3a5 5 0 0 1 0 10h-3M8 12h8"/>',
    "link-broken": '<path class="line" d="M9 7H7a5 5 0 0 0 0 10h2M15 7h2a5 5 0 0 1 0 10h-2M10.500 3.500l1 3M13.500 20.500l-1-3"/>',
    "phone": '<path d="M6.300 2.500l3.500.900 1.500 4.800-2.300 2.200c1.100 2.300 2.600 3.800 4.700 4.800l2.300-2.300 4.700 1.700.800 3.500c-.700 2-2.400 3.300-4.600 3.400C9.600 21.300 2.800 14.300 2.600 7c.100-2.200 1.500-3.900 3.700-4.500z"/>',
    "message": '<path class="line" d="M2.500 4h19v13h-11l-5 4.500V17h-3z"/>',
    "mail": '<path class="line" d="M2.500 5h19v14h-19zM3 5.800l9 7.200 9-7.200"/>',
    "arrow": '<path class="line" d="M3 12h17M14 6l6.500 6-6.500 6"/>',
    "back": '<path class="line" d="M21 12H4M10 6l-6.500 6 6.500 6"/>',
    "differ": '<path class="line" d="M3 8h13M12.500 4.500L16.500 8l-4 3.500M21 16H8M11.500 12.500L7.500 16l4 3.500"/>',
    "pause": '<path d="M6 4h4.200v16H6zM13.800 4H18v16h-4.200z"/>',
    "stop": '<path d="M4.500 4.500h15v15h-15z"/>',
    "start": '<path d="M6 3.500L20.500 12 6 20.500z"/>',
    "clock": '<circle class="line" cx="12" cy="12" r="9.800"/><path class="line" d="M12 6v6.300l4 2.400"/>',
    "theme": '<circle class="line" cx="12" cy="12" r="9.800"/><path d="M12 2.200a9.800 9.800 0 0 1 0 19.600z"/>',
    "print": '<path class="line" d="M6.500 8V2.500h11V8M6.500 17h-4V8h19v9h-4M6.500 13.500h11v8h-11z"/>',
    "note": '<circle class="line" cx="12" cy="12" r="9.800"/><path class="line" d="M12 11v6"/><circle cx="12" cy="7.400" r="1.400"/>',
    "key": '<circle class="line" cx="7.500" cy="12" r="4.700"/><path class="line" d="M12.200 12h9.300v4M17.500 12v3"/>',
    "plus": '<path class="line" d="M12 3.500v17M3.500 12h17"/>',
}

ANSWERS = {"yes": "Yes", "no": "No", "unknown": "Unknown", "judge": "Judge", "na": "Does not apply"}
LEVELS = {
    "high": "HIGH",
    "medium": "MEDIUM",
    "low": "LOW",
    "lost": "OUT OF TOUCH",
    "ready": "READY",
}


def draw_icon(name: str, label: str = "", tone: str = "") -> SafeString:
    """An inline SVG. Without a label it is decoration beside words that say the same.

    Raises KeyError for a name that is not in ICONS.
    """
    about: SafeString = (
        format_html('role="img" aria-label="{}"', label)
        if label
        else mark_safe('aria-hidden="true"')
    )
    return format_html(
        '<svg class="icon icon-{}{}" viewBox="0 0 24 24" {} focusable="false">{}</svg>',
        name,
        f" is-{tone}" if tone else "",
        about,
        mark_safe(ICONS[name]),
    )
