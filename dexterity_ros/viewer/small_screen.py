"""How the page looks on a phone: the hand above, the panel a low sheet below it, the stop between them, always."""

# viser folds its panel to a bar when the bar is touched, and the stop with it: here the bar is no button, and the sheet
# scrolls instead. The stop is the only red button.
_SHEET_VH = 36
SMALL_SCREEN = f"""<style>@media(max-width:720px){{
.mantine-Paper-root:has(button[style*="red-filled"]){{left:0!important;right:0!important;width:100%!important;
max-width:100%!important;height:{_SHEET_VH}vh!important;max-height:{_SHEET_VH}vh!important;overflow:visible!important}}
.mantine-Paper-root:has(button[style*="red-filled"]) .mantine-ScrollArea-content>div{{width:100%!important}}
.mantine-Paper-root:has(button[style*="red-filled"]) .mantine-ScrollArea-content>div>div:first-child{{
pointer-events:none;height:2em!important}}
button[style*="red-filled"]{{position:fixed!important;left:8px;right:8px;bottom:calc({_SHEET_VH}vh + 8px);
width:auto!important;height:48px!important;font-size:17px!important;z-index:1000}}
}}</style>"""
