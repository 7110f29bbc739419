import { render } from "preact";
import "./app.css";

const root = document.getElementById("app");
if (root) render(<main>Loading</main>, root);
