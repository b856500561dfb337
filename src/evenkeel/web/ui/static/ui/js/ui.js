// The entry: each part looks after its own attributes, and after content htmx brings later.
import "./theme.js";
import "./clock.js";
import "./countdown.js";
import "./blocked.js";
import "./taps.js";
import "./forms.js";
import "./changes.js";
import "./flowsheet.js";
import { toast, say } from "./say.js";

// For screens' own modules, which import what they need from these files instead.
export { toast, say };
